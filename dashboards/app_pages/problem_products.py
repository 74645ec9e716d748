"""Problem products: what comes back more often than it should, since when, and what it costs."""

import re

import duckdb
import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboards import charts
from dashboards.publication import NothingPublished, Publication, connect, read_publication
from dashboards.queries import problem_products as queries
from dashboards.texts import Texts, language_of
from retour.errors import UserError
from retour.settings import load_settings

LIST, PRODUCT = "list", "sku"
_CHOICES = 200  # products offered by name; a search narrows them down
_ROW_PX, _HEADING_PX, _ROWS = 35, 38, 14


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
        _list(rows, choice, texts)
    with right:
        _drill_down(cursor, choice, texts)


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


# --- the list ----------------------------------------------------------------------------------


def _list(rows: pl.DataFrame, choice: queries.Choice, texts: Texts) -> None:
    st.subheader(texts("Most money at stake first"))
    if rows.is_empty() and choice != queries.Choice():
        st.info(texts("No flagged product fits this search and these filters."))
        return
    if rows.is_empty():
        st.success(
            texts(
                "No flagged product here: what comes back is what shop and product lead one to expect."
            )
        )
        return
    weeks = rows["window_weeks"][0]
    st.caption(
        texts(
            "Counted over the last {weeks} weeks. Choose a row to see its story.", weeks=str(weeks)
        )
    )
    st.dataframe(
        _table(rows, texts).to_pandas(),
        hide_index=True,
        height=_HEADING_PX + _ROW_PX * min(len(rows), _ROWS),
        row_height=_ROW_PX,
        column_config=_columns(rows, texts),
        key=_list_key(),
        on_select=lambda: _open_row(rows["sku"].to_list()),
        selection_mode="single-row",
    )
    st.download_button(
        texts("Download as CSV"),
        rows.write_csv(include_bom=True),
        file_name="problem-products.csv",
        mime="text/csv",
        icon=":material/download:",
    )


def _list_key() -> str:
    """Another key is another list, with nothing selected in it."""
    return f"{LIST}-{st.session_state.get(LIST, 0)}"


def _open_row(skus: list[str]) -> None:
    selected = st.session_state[_list_key()]["selection"]["rows"]
    if selected:
        st.session_state[PRODUCT] = skus[selected[0]]


def _forget_row() -> None:
    st.session_state[LIST] = st.session_state.get(LIST, 0) + 1


def _only_currency(rows: pl.DataFrame) -> list[str]:
    """The currency of all rows; none where there are several."""
    codes = rows["currency"].drop_nulls().unique().to_list()
    return codes if len(codes) == 1 else []


def _columns(rows: pl.DataFrame, texts: Texts) -> dict[str, ColumnConfig]:
    """How the list's columns look, and what each says when the pointer rests on its heading."""
    number = st.column_config.NumberColumn
    return {
        texts("Name"): st.column_config.TextColumn(width=170, pinned=True),
        texts("Product"): st.column_config.TextColumn(width=65),
        texts("At stake"): number(
            " ".join([texts("At stake"), *_only_currency(rows)]),
            width=95,
            format="localized",
            help=texts("What the units beyond expectation were sold for, in 30 days."),
        ),
        texts("Times as often"): number(
            width=108,
            format="%.1f ×",
            help=texts(
                "How many times as often as expected customers send it back. Drawn towards what is "
                "usual in the shop where the record is short; one customer's bulk return counts once."
            ),
        ),
        texts("Interval (90 %)"): st.column_config.TextColumn(width=102),
        texts("Too many"): number(
            width=80,
            format="localized",
            help=texts(
                "Of the units that came back, those beyond expectation; what one customer sends back in bulk is cut back."
            ),
        ),
        texts("Since"): st.column_config.TextColumn(width=95),
    }


def _table(rows: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """What the list shows; columns in which nothing would stand are left out."""
    columns: dict[str, pl.Series | list[str] | list[float]] = {
        texts("Name"): rows["title"],
        texts("Product"): rows["sku"],
        texts("At stake"): queries.whole_money(rows),
        texts("Currency"): rows["currency"],
        texts("Times as often"): rows["lift"],
        texts("Interval (90 %)"): [
            f"{texts.number(low, 1)} – {texts.number(high, 1)}"
            for low, high in rows.select("lift_low", "lift_high").iter_rows()
        ],
        texts("Too many"): rows["excess_units"].round(0),
        texts("Since"): [texts.day(each) if each else "–" for each in rows["since"]],
        texts("Likely cause"): pl.Series(
            [texts.reason(each) if each else None for each in rows["likely_cause"]], dtype=pl.String
        ),
        texts("Category"): rows["category"],
        texts("Vendor"): rows["vendor"],
    }
    shown = pl.DataFrame(columns)
    empty = [name for name in shown.columns if shown[name].is_null().all()]
    if _only_currency(rows):
        empty.append(texts("Currency"))  # it stands in a heading
    return shown.drop(empty)


# --- one product -------------------------------------------------------------------------------


def _drill_down(cursor: duckdb.DuckDBPyConnection, choice: queries.Choice, texts: Texts) -> None:
    st.subheader(texts("One product, week by week"))
    names = queries.titles(cursor, choice, _CHOICES)
    asked = st.query_params.get(PRODUCT)
    if asked and asked not in names:
        found = queries.evidence(cursor, asked)
        names = {asked: found.title if found else asked, **names}
    if not names:
        st.caption(texts("No product has such a number or name."))
        return
    sku = str(
        st.selectbox(
            texts("Product"),
            names,
            format_func=lambda each: f"{each} · {names.get(each, '')}",
            key=PRODUCT,
            bind="query-params",
            on_change=_forget_row,
            label_visibility="collapsed",
        )
    )
    weeks, evidence = queries.weeks(cursor, sku), queries.evidence(cursor, sku)
    if weeks.is_empty() or evidence is None:
        st.info(texts("Nothing was ever sold or returned under {sku}.", sku=sku))
        return
    _tell(evidence, texts)
    for chart in charts.history(weeks, texts):
        st.altair_chart(chart, width="stretch")
    st.caption(
        texts(
            "Orange: units returned in the week. Grey: what was to be expected, with the band of an ordinary week (90 %). Blue: units sold."
        )
    )


def _tell(evidence: queries.Evidence, texts: Texts) -> None:
    """What is known of one product, in sentences that a buyer can forward."""
    flagged = texts(
        "Since the week of {since}, **{name}** came back {lift} times as often as expected "
        "(90 % interval {low} to {high}): {excess} units too many, about {money} at stake in 30 days."
    )
    ordinary = texts(
        "**{name}** is not flagged: it came back {lift} times as often as expected "
        "(90 % interval {low} to {high})."
    )
    sentence = flagged if evidence.status == "flagged" else ordinary
    money, currency = evidence.money_at_risk_minor, evidence.currency
    st.markdown(
        sentence.format(
            since=texts.day(evidence.since) if evidence.since else "–",
            name=_plain(f"{evidence.title} ({evidence.sku})"),
            lift=texts.number(evidence.lift, 1),
            low=texts.number(evidence.lift_low, 1),
            high=texts.number(evidence.lift_high, 1),
            excess=texts.number(evidence.excess_units),
            money=_plain(texts.money(money, currency)) if currency else "–",
        )
    )
    st.markdown(
        texts(
            "In the last {weeks} weeks: **{sold}** sold, **{returned}** returned, **{expected}** expected.",
            weeks=str(evidence.window_weeks),
            sold=texts.number(evidence.units_sold),
            returned=texts.number(evidence.units_returned),
            expected=texts.number(evidence.units_expected),
        )
    )


def _plain(text: str) -> str:
    """A shop's own words, none of which is Markdown or a formula."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$~:])", r"\\\1", text)


page()
