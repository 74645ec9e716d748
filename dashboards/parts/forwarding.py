"""One product's story in plain sentences, which a buyer can forward to whoever is to act."""

from collections.abc import Sequence

import streamlit as st

from dashboards.queries.product_story import Evidence
from dashboards.texts import LANGUAGES, Texts
from dashboards.words import ACTIONS, CULPRITS

_NEARLY_ONE = 0.99
_MOST_WORDS = 3


def show_words_to_forward(of: Evidence, said: Sequence[str], texts: Texts) -> None:
    """The story in both languages, the reader's first, with a button to copy it."""
    languages = sorted(LANGUAGES, key=lambda each: each != texts.language)
    for place, language in zip(
        st.tabs([LANGUAGES[each] for each in languages]), languages, strict=True
    ):
        place.code(story(of, Texts(language), said), language=None, wrap_lines=True)


def story(of: Evidence, texts: Texts, said: Sequence[str] = ()) -> str:
    """What is known of a flagged product: a plain text, a sentence a line. `said` are its customers' own words."""
    sentences = (
        _how_often(of, texts),
        _units(of, texts),
        _why(of, texts),
        _words(said, texts),
        _where(of, texts),
    )
    last = (_money(of, texts), _proposal(of, texts), _sure(of, texts))
    return "\n".join(each for each in (*sentences, *last) if each)


def _how_often(of: Evidence, texts: Texts) -> str:
    parts = {
        "name": f"{of.title} ({of.sku})",
        "lift": texts.number(of.lift, 1),
        "low": texts.number(of.lift_low, 1),
        "high": texts.number(of.lift_high, 1),
    }
    if of.variants > 1:
        parts["name"] = texts(
            "{name} ({n} variants of {parent})",
            name=of.title,
            n=texts.number(of.variants),
            parent=of.parent or of.sku,
        )
    if of.has_changed and of.since:
        return texts(
            "Since the week of {since}, {name} comes back {lift} times as often as expected (90 % interval {low} to {high}).",
            since=texts.day(of.since),
            **parts,
        )
    return texts(
        "Ever since its first sale, {name} comes back {lift} times as often as expected (90 % interval {low} to {high}).",
        **parts,
    )


def _units(of: Evidence, texts: Texts) -> str:
    return texts(
        "Of {sold} units sold since, {returned} came back; about {excess} of these are too many.",
        sold=texts.number(of.units_sold),
        returned=texts.number(of.units_returned),
        excess=texts.number(of.excess_units),
    )


def _why(of: Evidence, texts: Texts) -> str | None:
    if not of.likely_cause:
        return None
    return texts(
        "More than elsewhere, customers say: {reason}.", reason=texts.reason(of.likely_cause)
    )


def _words(said: Sequence[str], texts: Texts) -> str | None:
    if not said:
        return None
    quoted = [texts("“{phrase}”", phrase=each) for each in said[:_MOST_WORDS]]
    return texts("In their words: {phrases}.", phrases=" ".join(quoted))


def _where(of: Evidence, texts: Texts) -> str | None:
    if not of.culprit_dimension:
        return None
    return texts(
        "It is not all of it: {kind} {value} explains it.",
        kind=texts.word(CULPRITS, of.culprit_dimension),
        value=of.culprit_value or "",
    )


def _money(of: Evidence, texts: Texts) -> str | None:
    if not of.money:
        return None
    money = " + ".join(texts.money(each.at_risk_minor, each.currency) for each in of.money)
    if not any(each.lost_minor for each in of.money):
        return texts("In 30 days it costs about {money}.", money=money)
    return texts(
        "In 30 days it costs about {money}, of which {lost} cannot be had back (freight, handling, write-down).",
        money=money,
        lost=" + ".join(texts.money(each.lost_minor, each.currency) for each in of.money),
    )


def _proposal(of: Evidence, texts: Texts) -> str | None:
    if not of.suggested_action:
        return None
    return texts("Proposed: {action}.", action=texts.word(ACTIONS, of.suggested_action))


def _sure(of: Evidence, texts: Texts) -> str:
    return texts("How sure we are: {share}.", share=how_sure(of, texts))


def how_sure(of: Evidence, texts: Texts) -> str:
    """The probability in percent; nothing is ever quite certain."""
    if of.probability > _NEARLY_ONE:
        return texts("over {share}", share=texts.share(_NEARLY_ONE))
    return texts.share(of.probability)
