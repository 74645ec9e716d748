"""Moves of returns from step to step: the graphs, where time is lost, and where returns go round."""

import polars as pl
import streamlit as st

from dashboards.charts import process as charts
from dashboards.parts.choices import choose_step
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.tables import Column, show_table
from dashboards.queries import process as queries
from dashboards.words import STEPS

_LEAST = (0, 1, 2, 3, 5, 10, 20)  # of a hundred returns


def show_graphs(view: View) -> pl.DataFrame | None:
    """The graph as it runs beside the designed one; the moves that are shown, or None where there are none."""
    texts = view.texts
    moves = view.ask(queries.edges)
    if moves.is_empty():
        st.info(texts("No return has made a move yet."))
        return None
    least = choose_step(
        st.container(width=420),
        "least",
        texts("Hide moves that fewer returns make than"),
        _LEAST,
        default=2,
        unit=" %",
    )
    shown = queries.frequent(moves, least)
    _show_figures(view, moves, shown)
    runs, designed = st.columns(2, gap="medium")
    with runs:
        st.subheader(texts("As it runs"))
        st.caption(
            texts(
                "How many moves and how long half of them take at most. Thicker: more. Darker: slower. Dashed orange: not designed."
            )
        )
        st.graphviz_chart(charts.as_it_runs(shown, texts), width="stretch")
    with designed:
        st.subheader(texts("As designed"))
        st.caption(texts("What the rules allow between the same steps. Dotted: allowed, not seen."))
        plan = queries.among(view.ask(queries.design), shown)
        st.graphviz_chart(charts.as_designed(plan, texts), width="stretch")
    return shown


def _show_figures(view: View, moves: pl.DataFrame, shown: pl.DataFrame) -> None:
    texts = view.texts
    odd = queries.undesigned(moves)
    show_figures(
        [
            Figure(
                texts("Kinds of moves"),
                texts.number(len(moves)),
                beside=texts("{n} shown", n=texts.number(len(shown))),
            ),
            Figure(
                texts("Not designed"),
                texts.number(len(odd)),
                view.define("process_edges.is_designed"),
                texts("{n} moves", n=texts.number(float(odd["cases"].sum()))),
            ),
            Figure(texts("Circles"), texts.number(len(view.ask(queries.circles)))),
        ]
    )


def show_sticking(view: View, shown: pl.DataFrame) -> None:
    """The moves on which most time is lost."""
    texts, define = view.texts, view.define
    st.subheader(texts("Where it sticks"))
    columns = {
        "from_step": Column(
            texts("From step"), words=STEPS, definition=define("process_edges.from_step")
        ),
        "to_step": Column(
            texts("To step"), words=STEPS, definition=define("process_edges.to_step")
        ),
        "waiting_hours": Column(
            texts("Waiting, h"), "number", definition=texts("Moves times their median hours.")
        ),
        "cases": Column(texts("Moves"), "number", definition=define("process_edges.cases")),
        "median_hours": Column(
            texts("Median, h"), "hours", definition=define("process_edges.median_hours")
        ),
        "p90_hours": Column(
            texts("9 of 10, h"), "hours", definition=define("process_edges.p90_hours")
        ),
        "share": Column(
            texts("Of those leaving"), "share", definition=define("process_edges.share")
        ),
        "is_designed": Column(
            texts("Designed"), "flag", definition=define("process_edges.is_designed")
        ),
    }
    show_table(view, queries.sticking(shown), columns, file="process")


def show_loops(view: View) -> None:
    """Where returns go round."""
    texts = view.texts
    st.subheader(texts("Where it goes round"))
    found = view.ask(queries.circles)
    if not found:
        st.success(texts("No return comes back to a step."))
        return
    rows = pl.DataFrame(
        {
            "circle": [_written(loop, view) for loop in found],
            "moves": [loop.moves for loop in found],
        }
    )
    columns = {
        "circle": Column(texts("Circle"), width=620),
        "moves": Column(
            texts("Moves back"), "number", definition=texts("Moves that closed the circle.")
        ),
    }
    codes = rows.with_columns(circle=pl.Series([" > ".join(loop.steps) for loop in found]))
    show_table(view, rows, columns, file="circles", whole=lambda: codes)


def _written(loop: queries.Loop, view: View) -> str:
    steps = [view.texts.word(STEPS, step) for step in loop.steps]
    return " → ".join([*steps, steps[0]])
