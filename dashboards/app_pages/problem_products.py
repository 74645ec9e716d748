"""Problem products: what comes back more often than it should, since when, and what it costs."""

import duckdb
import polars as pl
import streamlit as st

from dashboards import charts
from dashboards.publication import NothingPublished, Publication, connect, read_publication
from dashboards.queries import problem_products as queries
from dashboards.texts import Texts, language_of
from retour.errors import UserError
from retour.settings import load_settings

SHOWN_IN_CHART = 15


def page() -> None:
    texts = Texts(language_of(st.query_params.get("lang")))
    st.title(texts("Problem products"))
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
        st.error(str(unreadable))
        return
    _show(publication, texts)


def _show(publication: Publication, texts: Texts) -> None:
    st.caption(_date_of_the_data(publication, texts))
    cursor = connect(publication.snapshot, publication).cursor()
    choice = _choose(cursor, texts)
    rows = queries.flagged(cursor, choice)
    _headline(rows, texts)
    if rows.is_empty():
        st.success(
            texts(
                "No flagged product here: what comes back is what shop and product lead one to expect."
            )
        )
    else:
        _list(rows, texts)
    _drill_down(cursor, rows, choice, texts)


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
    categories, vendors = (queries.values(cursor, each) for each in ("category", "vendor"))
    columns = st.columns([2, 1, 1])
    with columns[0]:
        search = st.text_input(
            texts("Search"),
            placeholder=texts("product number or name"),
            key="q",
            bind="query-params",
        )
    category = _pick(columns[1], texts("Category"), categories, "category", texts)
    vendor = _pick(columns[2], texts("Vendor"), vendors, "vendor", texts)
    return queries.Choice((search or "").strip(), category, vendor)


def _pick(
    place: st.delta_generator.DeltaGenerator, label: str, values: list[str], key: str, texts: Texts
) -> str:
    if not values:
        return ""
    with place:
        picked = st.selectbox(
            label, values, index=None, placeholder=texts("all"), key=key, bind="query-params"
        )
    return picked or ""


def _headline(rows: pl.DataFrame, texts: Texts) -> None:
    sums = queries.headline(rows)
    money = " · ".join(texts.money(minor, code) for code, minor in sums.money_at_risk.items())
    for place, label, value in zip(
        st.columns(3),
        (
            texts("Flagged products"),
            texts("Excess units, 26 weeks"),
            texts("At stake in 30 days"),
        ),
        (texts.number(sums.products), texts.number(sums.excess_units), money or "–"),
        strict=True,
    ):
        place.metric(label, value, border=True)


def _list(rows: pl.DataFrame, texts: Texts) -> None:
    top = rows.head(SHOWN_IN_CHART)
    st.subheader(texts("How much more often than expected"))
    st.caption(texts("The {n} with most money at stake, in that order.", n=texts.number(len(top))))
    st.altair_chart(charts.lifts(top, texts), width="stretch")
    table = _table(rows, texts)
    st.subheader(texts("The evidence"))
    st.dataframe(table.to_pandas(), hide_index=True, width="stretch")
    st.download_button(
        texts("Download as CSV"),
        rows.write_csv(include_bom=True),
        file_name="problem-products.csv",
        mime="text/csv",
    )


def _table(rows: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    columns: dict[str, pl.Series | list[str] | list[float]] = {
        texts("Product"): rows["sku"],
        texts("Name"): rows["title"],
        texts("Category"): rows["category"],
        texts("Vendor"): rows["vendor"],
        texts("Since"): [texts.day(each) if each else "–" for each in rows["since"]],
        texts("Times as often"): rows["lift"].round(1),
        texts("Interval (90 %)"): [
            f"{texts.number(low, 1)} – {texts.number(high, 1)}"
            for low, high in rows.select("lift_low", "lift_high").iter_rows()
        ],
        texts("Sold"): rows["units_sold"],
        texts("Returned"): rows["units_returned"],
        texts("Expected"): rows["units_expected"].round(0),
        texts("Too many"): rows["excess_units"].round(0),
        texts("Likely cause"): [
            texts(each) if each else "–" for each in rows["likely_cause"].to_list()
        ],
        texts("At stake in 30 days"): [
            texts.money(minor, code) if code else "–"
            for minor, code in rows.select("money_at_risk_minor", "currency").iter_rows()
        ],
    }
    shown = pl.DataFrame(columns)
    empty = [name for name in (texts("Category"), texts("Vendor")) if shown[name].is_null().all()]
    return shown.drop(empty)


def _drill_down(
    cursor: duckdb.DuckDBPyConnection,
    rows: pl.DataFrame,
    choice: queries.Choice,
    texts: Texts,
) -> None:
    st.subheader(texts("One product, week by week"))
    known = dict(rows.select("sku", "title").iter_rows())
    others = queries.matching_skus(cursor, choice.search) if choice.search else []
    skus = [*known, *(each for each in others if each not in known)]
    asked = st.query_params.get("sku")
    if asked and asked not in skus:
        skus = [asked, *skus]
    if not skus:
        st.caption(texts("Search for a product to see its weeks."))
        return
    sku = st.selectbox(
        texts("Product"),
        skus,
        format_func=lambda each: f"{each} · {known[each]}" if each in known else each,
        key="sku",
        bind="query-params",
    )
    weeks = queries.weeks(cursor, str(sku))
    if weeks.is_empty():
        st.info(texts("Nothing was ever sold or returned under {sku}.", sku=str(sku)))
        return
    evidence = rows.filter(pl.col("sku") == sku)
    st.markdown(
        _sentence(evidence, texts) if len(evidence) else texts("This product is not flagged.")
    )
    for chart in charts.history(weeks, texts):
        st.altair_chart(chart, width="stretch")
    st.caption(
        texts(
            "Orange: units returned in the week. Grey: what was to be expected, with the band of an ordinary week (90 %). Blue: units sold."
        )
    )


def _sentence(evidence: pl.DataFrame, texts: Texts) -> str:
    """A sentence that a buyer can forward."""
    row = evidence.row(0, named=True)
    return texts(
        "Since the week of {since}, **{name}** came back {lift} times as often as expected "
        "(90 % interval {low} to {high}): {excess} units too many, about {money} at stake in 30 days.",
        since=texts.day(row["since"]) if row["since"] else "–",
        name=f"{row['title']} ({row['sku']})".replace("*", "").replace("$", r"\$"),
        lift=texts.number(row["lift"], 1),
        low=texts.number(row["lift_low"], 1),
        high=texts.number(row["lift_high"], 1),
        excess=texts.number(row["excess_units"]),
        money=texts.money(row["money_at_risk_minor"], row["currency"]).replace("$", r"\$"),
    )


page()
