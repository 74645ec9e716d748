"""Problem products: what comes back more often than it should, since when, and what it costs."""

import duckdb
import polars as pl
import streamlit as st

from dashboards.parts.flagged_list import show_list
from dashboards.parts.product_story import show_story
from dashboards.publication import NothingPublished, Publication, connect, read_publication
from dashboards.queries import problem_products as queries
from dashboards.texts import Texts, language_of
from retour.errors import UserError
from retour.settings import load_settings


def page() -> None:
    texts = Texts(language_of(st.query_params.get("lang")))
    try:
        publication = read_publication(load_settings().published_dir)
    except NothingPublished as nothing:
        st.info(
            texts(
                "Nothing is published yet. The first run makes this page; it takes about a minute."
            )
        )
        st.caption(str(nothing))
        return
    except UserError as unreadable:
        _apologize(unreadable, texts)
        return
    try:
        _show(publication, texts)
    except duckdb.Error as misfit:  # files of another version, or damaged ones
        _apologize(publication.unreadable(misfit), texts)


def _apologize(unreadable: UserError, texts: Texts) -> None:
    st.error(
        texts(
            "The published data cannot be shown: they are damaged, or another version made them. A refresh makes them anew."
        )
    )
    st.caption(str(unreadable))


def _show(publication: Publication, texts: Texts) -> None:
    st.caption(_date_of_the_data(publication, texts))
    cursor = connect(publication.snapshot, publication).cursor()
    choice = _choose(cursor, texts)
    rows = queries.flagged(cursor, choice)
    _headline(rows, texts)
    left, right = st.columns([8, 5], gap="medium")
    with left:
        show_list(rows, choice, texts)
    with right:
        show_story(cursor, choice, texts)


def _date_of_the_data(publication: Publication, texts: Texts) -> str:
    if publication.as_of is None:
        return texts("No event has been taken in yet.")
    local = publication.as_of.astimezone(publication.timezone)
    made = publication.published_at.astimezone(publication.timezone)
    return texts(
        "Data until {as_of} · made {made} · times of {zone}",
        as_of=texts.moment(local),
        made=texts.moment(made),
        zone=str(publication.timezone),
    )


def _choose(cursor: duckdb.DuckDBPyConnection, texts: Texts) -> queries.Choice:
    """What the reader asks for; it stands in the URL, so that a view can be shared."""
    bar = st.container(horizontal=True)
    search = bar.text_input(
        texts("Search"),
        placeholder=texts("product number or name"),
        key="q",
        bind="query-params",
    )
    category = _pick(bar, texts("Category"), queries.values(cursor, "category"), "category", texts)
    vendor = _pick(bar, texts("Vendor"), queries.values(cursor, "vendor"), "vendor", texts)
    return queries.Choice((search or "").strip(), category, vendor)


def _pick(
    place: st.delta_generator.DeltaGenerator, label: str, values: list[str], key: str, texts: Texts
) -> str:
    if not values:
        return ""
    picked = place.selectbox(
        label, values, index=None, placeholder=texts("all"), key=key, bind="query-params"
    )
    return picked or ""


def _headline(rows: pl.DataFrame, texts: Texts) -> None:
    sums = queries.headline(rows)
    money = " · ".join(texts.money(minor, code) for code, minor in sums.money_at_risk.items())
    bar = st.container(horizontal=True)
    for label, value in zip(
        (
            texts("Flagged products"),
            texts("Too many units"),
            texts("At stake in 30 days"),
        ),
        (texts.number(sums.products), texts.number(sums.excess_units), money or "–"),
        strict=True,
    ):
        bar.metric(label, value, border=True)


page()
