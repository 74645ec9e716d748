"""The list of flagged products: a row to answer each, and its one proposed action as a button."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import polars as pl
import streamlit as st

from dashboards.parts.choices import choose_one
from dashboards.parts.frame import View
from dashboards.parts.icons import ICONS
from dashboards.parts.plain import plain
from dashboards.parts.quotes import quotes
from dashboards.parts.tables import offer_csv
from dashboards.queries import problem_products as queries
from dashboards.queries.product_story import shared_title
from dashboards.texts import Texts
from dashboards.words import ACTIONS, COURSES, CULPRITS, DISMISSALS, LISTS

PRODUCT = "sku"  # the product whose story is shown, in the URL
_FIRST = 10
_ALL = "all rows"
_Colour = Literal["orange", "red", "green", "gray"]
_MARKS: Mapping[str, tuple[str, _Colour]] = {
    "new": ("fiber_new", "orange"),
    "worse": ("trending_up", "red"),
    "better": ("trending_down", "green"),
    "steady": ("trending_flat", "gray"),
}


def open_product(sku: str) -> None:
    """Show this product's story from now on."""
    st.query_params[PRODUCT] = sku


def show_list(view: View, rows: pl.DataFrame, choice: queries.Choice) -> None:
    """The rows of one state, the dearest ten first; `rows` are flagged products that fit the choice."""
    texts = view.texts
    st.subheader(texts("Most money at stake first"))
    if rows.is_empty():
        _say_that_nothing_is_flagged(choice, texts)
        return
    if rows["currency"].drop_nulls().n_unique() > 1:
        st.caption(
            texts(
                "Amounts of different currencies are ranked by how many units they are worth at the mean price paid in their currency."
            )
        )
    grouped = queries.families(rows)
    counts = dict(grouped.group_by("state").len().iter_rows())
    state = choose_one(
        st.container(),
        "state",
        texts("Where they stand"),
        {
            code: f"{texts(word)} {texts.number(counts.get(code, 0))}"
            for code, word in LISTS.items()
        },
        default="open",
        has_label=False,
    )
    shown = grouped.filter(pl.col("state") == state)
    _show_rows(view, shown, state)
    offer_csv(texts, lambda: rows.filter(pl.col("state") == state), "problem-products")


def _say_that_nothing_is_flagged(choice: queries.Choice, texts: Texts) -> None:
    if choice != queries.Choice():
        st.info(texts("No flagged product fits this search and these filters."))
        return
    st.success(
        texts(
            "No flagged product here: what comes back is what shop and product lead one to expect."
        )
    )


def _show_rows(view: View, rows: pl.DataFrame, state: str) -> None:
    texts = view.texts
    if rows.is_empty():
        empty = {
            "open": texts("Every flag is answered. New ones come with the next refresh."),
            "acted": texts("Nobody has acted on these yet."),
            "dismissed": texts("No flag was dismissed."),
        }
        st.success(empty[state]) if state == "open" else st.info(empty[state])
        return
    today, begin_of = view.publication.today, view.publication.begin_of
    new_since = begin_of(today - timedelta(days=queries.NEW_DAYS))
    courses = dict(view.ask(queries.courses, today, new_since).iter_rows())
    everything = st.session_state.get(_ALL, False)
    shown = rows.head(len(rows) if everything else _FIRST)
    said = quotes(view, shown)
    for row in shown.iter_rows(named=True):
        _show_row(row, courses.get(row["sku"], "steady"), said.get(row["sku"]), texts)
    if len(rows) > _FIRST:
        st.toggle(texts("Show all {n}", n=texts.number(len(rows))), key=_ALL)


def _show_row(row: Mapping[str, Any], course: str, quote: str | None, texts: Texts) -> None:
    sku = row["sku"]
    card = st.container(border=True, key=f"row-{sku}")
    what, much, why, button = card.columns([5, 5, 4, 3], vertical_alignment="center")
    what = what.container(gap="xxsmall")
    what.button(
        f"**{plain(shared_title(row['titles']))}**",
        key=f"open {sku}",
        type="tertiary",
        on_click=open_product,
        args=(sku,),
    )
    beside = what.container(horizontal=True, gap="small", vertical_alignment="center")
    icon, colour = _MARKS[course]
    beside.badge(texts.word(COURSES, course), icon=f":material/{icon}:", color=colour)
    beside.caption(plain(_named(row, texts)), width="content")
    much.markdown(_amount(row, texts))
    why = why.container(gap="xxsmall")
    why.markdown(_cause(row, texts))
    if quote:
        why.caption(quote)
    _offer_action(button, row, texts)


def _named(row: Mapping[str, Any], texts: Texts) -> str:
    variants = (
        texts("{n} variants", n=texts.number(row["variants"])) if row["variants"] > 1 else None
    )
    return " · ".join(each for each in (variants or row["sku"], row["vendor"]) if each)


def _amount(row: Mapping[str, Any], texts: Texts) -> str:
    """What is too much costs in 30 days, with the interval that the lift has, and how many units that are so far."""
    units = texts(
        "**{units}** units too many since {since}",
        since=texts.day(row["since"]) if row["since"] else "–",
        units=texts.number(row["excess_units"]),
    )
    money = [
        texts(
            "**{money}** in 30 days ({low} to {high})",
            money=plain(texts.money(each["minor"], each["currency"])),
            low=plain(texts.money(each["low"], each["currency"])),
            high=plain(texts.money(each["high"], each["currency"])),
        )
        for each in row["money"] or ()
    ]
    return "  \n".join([*money, units])


def _cause(row: Mapping[str, Any], texts: Texts) -> str:
    cause = (
        plain(texts.reason(row["likely_cause"]))
        if row["likely_cause"]
        else texts("no cause stands out")
    )
    culprit = row["culprit_dimension"]
    where = f" · {texts.word(CULPRITS, culprit)} {plain(row['culprit_value'])}" if culprit else ""
    often = texts("{lift} × as often as expected", lift=texts.number(row["lift"], 1))
    return f"**{cause}**{where}  \n{often}"


def _offer_action(
    place: st.delta_generator.DeltaGenerator, row: Mapping[str, Any], texts: Texts
) -> None:
    """The proposed action; of what is answered, what was done."""
    if row["state"] == "acted":
        place.badge(texts.word(ACTIONS, row["action"]), icon=":material/check:", color="green")
    if row["state"] == "dismissed" and row["dismissal_reason"]:
        place.badge(texts.word(DISMISSALS, row["dismissal_reason"]), color="gray")
    action = row["suggested_action"] if row["state"] == "open" else None
    place.button(
        texts.word(ACTIONS, action) if action else texts("Look closer"),
        key=f"act {row['sku']}",
        icon=f":material/{ICONS[action]}:" if action in ICONS else ":material/search:",
        on_click=open_product,
        args=(row["sku"],),
        width="stretch",
        wrap=True,
    )
