"""One product's story: what is known of its returns, what to do, and what came of it."""

from collections.abc import Sequence
from typing import Any

import duckdb
import polars as pl
import streamlit as st

from dashboards.charts import products as charts
from dashboards.parts.answering import show_answers
from dashboards.parts.customers_words import show_customers_words
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.flagged_list import PRODUCT
from dashboards.parts.forwarding import how_sure, show_words_to_forward
from dashboards.parts.frame import View
from dashboards.parts.icons import ICONS
from dashboards.parts.past_actions import show_actions, tell_outcomes
from dashboards.parts.plain import plain
from dashboards.parts.why_not import sentence
from dashboards.publication import connect
from dashboards.queries import customers_words, past_actions, problem_products
from dashboards.queries import product_story as queries
from dashboards.texts import Texts
from dashboards.words import ACTIONS, CULPRITS

# A page keeps where it was scrolled to; a story opened from the end of the list would be seen from its middle.
_TO_THE_TOP = "<script>document.querySelector('[data-testid=stMain]')?.scrollTo(0, 0)</script>"


def show_story(view: View, sku: str, rows: pl.DataFrame) -> None:
    """The story of a product, flagged or not; `rows` are all flagged ones."""
    texts, cursor = view.texts, connect(view.publication)
    with st.container(key=f"top-{sku}"):
        st.html(_TO_THE_TOP, unsafe_allow_javascript=True)
    st.button(
        texts("Back to the list"), icon=":material/arrow_back:", type="tertiary", on_click=_close
    )
    row = _row_of(sku, rows)
    skus = row["skus"] if row else [sku]
    known = [queries.evidence(cursor, each) for each in skus]
    variants = [each for each in known if each is not None]
    if not variants:
        st.info(texts("Nothing was ever sold or returned under {sku}.", sku=plain(sku)))
        return
    of = queries.together(variants)
    _name(of, skus, is_flagged=row is not None, texts=texts)
    _show_figures(view, of)
    said, acted = customers_words.phrases(cursor, skus), past_actions.actions_on(cursor, skus)
    left, right = st.columns([5, 7], gap="medium")
    with left:
        _show_what_to_do(view, cursor, of, row, said, acted)
    with right:
        _show_course(view, cursor, of, skus, acted)
        _show_reasons(cursor, of, skus, texts)
        if row is not None:
            show_customers_words(view, said, row["flag_ids"])
    if not acted.is_empty():
        st.subheader(texts("What was done about it"))
        show_actions(view, acted, file=f"actions-{skus[0]}")


def _close() -> None:
    if PRODUCT in st.query_params:
        del st.query_params[PRODUCT]


def _row_of(sku: str, rows: pl.DataFrame) -> dict[str, Any] | None:
    """The row of the list in which the product stands, with its other variants; None of one that is not flagged."""
    if rows.is_empty():
        return None
    found = problem_products.families(rows).filter(pl.col("skus").list.contains(sku))
    return found.row(0, named=True) if len(found) else None


def _name(of: queries.Evidence, skus: Sequence[str], *, is_flagged: bool, texts: Texts) -> None:
    st.subheader(plain(of.title))
    parts = [", ".join(skus), of.category, of.vendor]
    st.caption(plain(" · ".join(each for each in parts if each)))
    if not is_flagged:
        return
    since = texts.day(of.since) if of.since else "–"
    told = (
        texts("Since the week of {since}", since=since)
        if of.has_changed
        else texts("Ever since its first sale")
    )
    cause = (
        plain(texts.reason(of.likely_cause)) if of.likely_cause else texts("no cause stands out")
    )
    line = texts("{since}: **{cause}**", since=told, cause=cause)
    if of.culprit_dimension:
        kind = texts.word(CULPRITS, of.culprit_dimension)
        line += f" · {kind} **{plain(of.culprit_value or '')}**"
    st.markdown(line)


def _show_figures(view: View, of: queries.Evidence) -> None:
    texts, define = view.texts, view.define
    money = " · ".join(texts.money(each.at_risk_minor, each.currency) for each in of.money)
    lost = " · ".join(
        texts.money(each.lost_minor, each.currency) for each in of.money if each.lost_minor
    )
    show_figures(
        [
            Figure(
                texts("Times as often as expected"),
                f"{texts.number(of.lift, 1)} ×",
                define("sku_evidence.lift"),
                texts(
                    "{low} to {high} (90 %)",
                    low=texts.number(of.lift_low, 1),
                    high=texts.number(of.lift_high, 1),
                ),
            ),
            Figure(
                texts("Too many units"),
                texts.number(of.excess_units),
                define("sku_evidence.excess_units"),
                texts("of {returned} that came back", returned=texts.number(of.units_returned)),
            ),
            Figure(
                texts("At stake in 30 days"),
                money or "–",
                define("sku_evidence.money_at_risk_minor"),
                texts("{lost} lost for good", lost=lost) if lost else None,
            ),
            Figure(
                texts("How sure"),
                how_sure(of, texts),
                define("sku_evidence.probability"),
                texts("that it is a real problem"),
            ),
        ]
    )


def _show_what_to_do(
    view: View,
    cursor: duckdb.DuckDBPyConnection,
    of: queries.Evidence,
    row: dict[str, Any] | None,
    said: pl.DataFrame,
    acted: pl.DataFrame,
) -> None:
    """What became of earlier actions, the proposal, the buyer's answer and words to forward; of what is not on the list, why it is not."""
    texts = view.texts
    if row is None or row["state"] == "dismissed":
        st.markdown(sentence(of, queries.flag_state(cursor, of.sku), view))
    tell_outcomes(view, acted)
    if row is None:
        return
    st.subheader(texts("What to do"))
    if of.suggested_action:
        action = texts.word(ACTIONS, of.suggested_action)
        icon = ICONS.get(of.suggested_action, "search")
        st.markdown(f":material/{icon}: **{texts('Proposed: {action}.', action=action)}**")
    if row["flag_ids"]:
        show_answers(view, row["flag_ids"], of.suggested_action)
    st.subheader(texts("To forward"))
    show_words_to_forward(of, said["phrase"].to_list(), texts)


def _show_course(
    view: View,
    cursor: duckdb.DuckDBPyConnection,
    of: queries.Evidence,
    skus: Sequence[str],
    acted: pl.DataFrame,
) -> None:
    texts, day_of = view.texts, view.publication.day_of
    st.subheader(texts("Week by week"))
    weeks = queries.weeks(cursor, skus)
    if weeks.is_empty():
        st.caption(texts("No week is known of it."))
        return
    marks = charts.Marks(of.since, tuple(day_of(each) for each in acted["taken_at"]))
    told = texts(
        "Orange: units returned in the week. Grey: what was to be expected, with the band of an ordinary week (90 %). Blue: units sold. Dashed line: the problem begins; solid line: a buyer acted."
    )
    for chart in charts.history(weeks, marks, texts):
        st.altair_chart(chart, width="stretch", alt=told)
    st.caption(told)


def _show_reasons(
    cursor: duckdb.DuckDBPyConnection, of: queries.Evidence, skus: Sequence[str], texts: Texts
) -> None:
    st.subheader(texts("Beside its category"))
    peers = queries.peers(cursor, of, skus)
    parts = {
        "product": texts.share(peers.product, 1),
        "expected": texts.share(peers.expected, 1),
        "n": texts.number(peers.products),
        "category": texts.share(peers.category, 1),
    }
    if of.category:
        told = texts(
            "Of what was sold, **{product}** came back; **{expected}** was to be expected, and of the {n} other products in its category, had they been sold in the same weeks, **{category}**.",
            **parts,
        )
    else:
        told = texts(
            "Of what was sold, **{product}** came back; **{expected}** was to be expected, and of the {n} other products of the shop, had they been sold in the same weeks, **{category}**.",
            **parts,
        )
    st.markdown(told)
    reasons = queries.reasons(cursor, skus)
    if not reasons["incidents"].sum():
        st.caption(texts("No customer gave a reason."))
        return
    told = texts("Orange bars: reasons for this product. Black ticks: the same in its category.")
    st.altair_chart(charts.reasons(reasons, texts), width="stretch", alt=told)
    st.caption(told)
