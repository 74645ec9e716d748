"""Whether what buyers did about products worked."""

import polars as pl
import streamlit as st

from dashboards.parts.frame import View
from dashboards.parts.tables import Column, show_table
from dashboards.queries import past_actions as queries
from dashboards.queries.problem_products import Choice
from dashboards.texts import Texts
from dashboards.words import ACTIONS, VERDICTS

_MARKS = {"worked": "✓", "did_not": "✗", "too_early": "…"}


def show_past_actions(view: View, choice: Choice) -> None:
    """Every action, the newest first, and how many of them worked."""
    texts = view.texts
    st.subheader(texts("Did past actions work?"))
    rows = view.ask(queries.actions, choice)
    if rows.is_empty():
        st.info(
            texts(
                "No action has been recorded yet. Some weeks after one, this says whether it worked."
            )
        )
        return
    counts = queries.counted(rows)
    st.caption(
        texts(
            "{worked} worked, {did_not} did not, {too_early} too early to say. An action worked where at least half of the excess has gone.",
            **{verdict: texts.number(count) for verdict, count in counts.items()},
        )
    )
    show_actions(view, rows, file="past-actions")


def show_actions(view: View, rows: pl.DataFrame, file: str) -> None:
    """A table of actions, before and after with the interval."""
    texts, define = view.texts, view.define
    told = rows.with_columns(
        verdict_told=pl.Series(
            [f"{_MARKS[each]} {texts.word(VERDICTS, each)}" for each in rows["verdict"]],
            dtype=pl.String,
        ),
        before=_written(rows, "before", texts),
        after=_written(rows, "after", texts),
    )
    show_table(
        view,
        told,
        {
            "title": Column(texts("Name"), width=220),
            "action": Column(texts("Action"), words=ACTIONS),
            "taken_at": Column(texts("When"), "moment"),
            "verdict_told": Column(texts("Did it work?"), definition=define("sku_actions.verdict")),
            "before": Column(texts("Before"), definition=define("sku_actions.lift_before")),
            "after": Column(texts("After"), definition=define("sku_actions.lift_after")),
            "weeks_after": Column(
                texts("Weeks since"), "number", definition=define("sku_actions.weeks_after")
            ),
        },
        file=file,
    )


def tell_outcomes(view: View, rows: pl.DataFrame) -> None:
    """A line for each action on a product: whether it worked, and by what that is measured."""
    texts = view.texts
    for row in rows.iter_rows(named=True):
        told = texts(
            "{mark} **{action}**, {day}: {verdict}",
            mark=_MARKS[row["verdict"]],
            action=texts.word(ACTIONS, row["action"]),
            day=view.day(row["taken_at"]),
            verdict=texts.word(VERDICTS, row["verdict"]),
        )
        if row["lift_before"] is not None and row["lift_after"] is not None:
            told += "  \n" + texts(
                "{before} × as often as expected before, {after} × after",
                before=texts.number(row["lift_before"], 1),
                after=texts.number(row["lift_after"], 1),
            )
        st.markdown(told)


def _written(rows: pl.DataFrame, when: str, texts: Texts) -> pl.Series:
    """A lift with its interval, as text; a dash where nothing was to be expected."""
    names = [f"lift_{when}", f"lift_{when}_low", f"lift_{when}_high"]
    return pl.Series(
        [
            "–"
            if lift is None
            else f"{texts.number(lift, 1)} × ({texts.number(low, 1)} – {texts.number(high, 1)})"
            for lift, low, high in rows.select(names).iter_rows()
        ],
        dtype=pl.String,
    )
