"""Problem products: what comes back more often than it should, since when, and what it costs."""

import duckdb
import polars as pl
import streamlit as st

from dashboards.parts.flagged_list import show_list
from dashboards.parts.frame import View, open_page, show_date
from dashboards.parts.product_story import show_story
from dashboards.publication import connect
from dashboards.queries import problem_products as queries
from dashboards.texts import Texts


def show(view: View) -> None:
    show_date(view)
    texts, cursor = view.texts, connect(view.publication)
    choice = _choose(cursor, texts)
    rows = queries.flagged(cursor, choice)
    _headline(rows, texts)
    left, right = st.columns([8, 5], gap="medium")
    with left:
        show_list(rows, choice, texts)
    with right:
        show_story(cursor, choice, texts)


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


open_page(show, needs=("problem_skus", "sku_evidence", "sku_weekly"))
