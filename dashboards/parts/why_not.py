"""Why a product is not flagged, in one sentence."""

import streamlit as st

from dashboards.parts.flagged_list import open_product
from dashboards.parts.frame import View
from dashboards.parts.plain import plain
from dashboards.publication import connect
from dashboards.queries import problem_products, product_story
from dashboards.queries.product_story import CERTAIN_ENOUGH, LEAST_PROBABILITY, Evidence, FlagState
from dashboards.texts import Texts
from dashboards.words import DISMISSALS

_FIRST = 5


def show_found(view: View, choice: problem_products.Choice) -> None:
    """Of the products that a search finds beside flagged ones, why each is not flagged."""
    texts = view.texts
    st.subheader(texts("Why is this not flagged?"))
    if not choice.search:
        st.caption(texts("Search above for any product, and this says why it is not on the list."))
        return
    cursor = connect(view.publication)
    found = product_story.titles(cursor, choice, 50)
    if not found:
        st.caption(texts("No product has such a number or name."))
    told = 0
    for sku in found:
        if told == _FIRST:
            break
        of = product_story.evidence(cursor, sku)
        flag = product_story.flag_state(cursor, sku)
        if of is None or product_story.why_not(of, flag) == "flagged":
            continue
        told += 1
        st.markdown(sentence(of, flag, view))
        st.caption(_counted(of, texts))
        st.button(
            texts("See its weeks"),
            key=f"why {sku}",
            icon=":material/arrow_forward:",
            type="tertiary",
            on_click=open_product,
            args=(sku,),
        )


def _counted(of: Evidence, texts: Texts) -> str:
    """What was counted of it: since its problem began, else in the detector's window."""
    parts = {
        "sold": texts.number(of.units_sold),
        "times": texts.number(of.incidents),
        "expected": texts.number(of.incidents_expected, 1),
    }
    if of.since is not None:
        return texts(
            "Since the week of {since}: **{sold}** units sold; returns: **{times}**, expected: **{expected}**.",
            since=texts.day(of.since),
            **parts,
        )
    return texts(
        "In the last {weeks} weeks: **{sold}** units sold; returns: **{times}**, expected: **{expected}**.",
        weeks=texts.number(of.window_weeks),
        **parts,
    )


def sentence(of: Evidence, flag: FlagState | None, view: View) -> str:
    """One sentence with Markdown; of a flagged product, that it is flagged."""
    texts = view.texts
    parts = {
        "name": plain(f"{of.title} ({of.sku})"),
        "lift": texts.number(of.lift, 1),
        "low": texts.number(of.lift_low, 1),
        "high": texts.number(of.lift_high, 1),
        "weeks": texts.number(of.window_weeks),
        "returns": texts.number(of.incidents),
        "share": texts.share(of.probability),
        "least": texts.share(LEAST_PROBABILITY),
        "most": texts.share(CERTAIN_ENOUGH),
        "day": view.day(flag.changed_at) if flag else "–",
        "reason": texts.word(DISMISSALS, flag.dismissal_reason if flag else None),
    }
    return _template(product_story.why_not(of, flag), texts).format(**parts)


def _template(why: product_story.Why, texts: Texts) -> str:
    written = {
        "flagged": texts("**{name}** is flagged."),
        "dismissed": texts(
            "**{name}** was dismissed by a buyer on {day}: {reason}. It comes back on new evidence alone."
        ),
        "not_sold": texts(
            "**{name}** is not flagged: nothing of it was sold in the last {weeks} weeks."
        ),
        "ended": texts(
            "**{name}** is not flagged any more: it came back too often, but what was sold lately comes back as expected."
        ),
        "too_few": texts(
            "**{name}** is not flagged: with {returns} returns there is too little to judge by."
        ),
        "always_high": texts(
            "**{name}** is not flagged: it has always come back often, {lift} times as often as expected (90 % interval {low} to {high}), and did not get worse."
        ),
        "unsure": texts(
            "**{name}** is not flagged: it is {share} sure that something is wrong, and a flag needs {least} to {most}, by how sure the others are."
        ),
        "in_line": texts(
            "**{name}** is not flagged: it came back {lift} times as often as expected (90 % interval {low} to {high}), which is in line with its category."
        ),
    }
    return written[why]
