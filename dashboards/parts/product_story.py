"""One product's story: what is known of its returns, in sentences, and week by week."""

import re

import duckdb
import streamlit as st

from dashboards.charts import products as charts
from dashboards.parts.flagged_list import PRODUCT, forget_row
from dashboards.queries import problem_products as queries
from dashboards.texts import Texts

_CHOICES = 200  # products offered by name; a search narrows them down


def show_story(cursor: duckdb.DuckDBPyConnection, choice: queries.Choice, texts: Texts) -> None:
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
            on_change=forget_row,
            label_visibility="collapsed",
        )
    )
    weeks, evidence = queries.weeks(cursor, sku), queries.evidence(cursor, sku)
    if weeks.is_empty() or evidence is None:
        st.info(texts("Nothing was ever sold or returned under {sku}.", sku=sku))
        return
    _tell(evidence, texts)
    told = texts(
        "Orange: units returned in the week. Grey: what was to be expected, with the band of an ordinary week (90 %). Blue: units sold."
    )
    for chart in charts.history(weeks, texts):
        st.altair_chart(chart, width="stretch", alt=told)
    st.caption(told)


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
    if evidence.likely_cause:
        reason = _plain(texts.reason(evidence.likely_cause))
        st.markdown(texts("More than elsewhere, customers say: **{reason}**.", reason=reason))
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
