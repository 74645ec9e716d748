"""Moves of returns from step to step: the graphs, where time is lost, and where returns go round."""

import polars as pl
import streamlit as st

from dashboards.charts import process as charts
from dashboards.parts.choices import choose_one, choose_step
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.tables import Column, show_table
from dashboards.queries import process as queries
from dashboards.words import STEPS

_GRAPH_PX = 640
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
        default=3,
        unit=" %",
    )
    shown = queries.frequent(moves, least)
    _show_figures(view, moves, shown)
    runs, designed = st.columns(2, gap="medium")
    with runs:
        st.subheader(texts("As it runs"))
        told = texts(
            "How many moves and how long half of them take at most. Thicker: more. Darker: slower. Dashed orange: not designed."
        )
        st.caption(told)
        with st.container(height=_GRAPH_PX):
            st.graphviz_chart(charts.as_it_runs(shown, texts), width="content", alt=told)
    with designed:
        st.subheader(texts("As designed"))
        _show_design(view, shown)
    return shown


def _show_design(view: View, shown: pl.DataFrame) -> None:
    texts = view.texts
    plan = queries.among(view.ask(queries.design), shown)
    unseen = plan.filter(~pl.col("is_used"))
    told = texts(
        "What the rules allow between the same steps; {n} moves more are allowed and not shown on the left.",
        n=texts.number(len(unseen)),
    )
    st.caption(told)
    with st.container(height=_GRAPH_PX):
        options = {"seen": texts("Only what is seen"), "all": texts("All that is allowed (dotted)")}
        which = choose_one(
            st.container(), "design", texts("As designed"), options, "seen", has_label=False
        )
        drawn = plan if which == "all" else plan.filter(pl.col("is_used"))
        st.graphviz_chart(charts.as_designed(drawn, texts), width="content", alt=told)


def _show_figures(view: View, moves: pl.DataFrame, shown: pl.DataFrame) -> None:
    texts, define = view.texts, view.define
    made = float(moves["cases"].sum())
    show_figures(
        [
            Figure(
                texts("Kinds of moves"),
                texts.number(len(moves)),
                beside=texts("{n} shown", n=texts.number(len(shown))),
            ),
            Figure(
                texts("Moves astray"),
                texts.number(float(moves["strays"].sum())),
                define("process_edges.strays"),
                texts("of {n} moves", n=texts.number(made)),
            ),
            Figure(
                texts("Moves back"),
                texts.number(float(moves["again"].sum())),
                define("process_edges.again"),
                texts("of {n} moves", n=texts.number(made)),
            ),
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
            texts("Waiting, h"), "number", definition=define("process_edges.waiting_hours")
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
    """Where returns come to a step again."""
    texts, define = view.texts, view.define
    st.subheader(texts("Where it goes round"))
    rows = queries.going_round(view.ask(queries.edges))
    if rows.is_empty():
        st.success(texts("No return comes back to a step."))
        return
    columns = {
        "from_step": Column(
            texts("From step"), words=STEPS, definition=define("process_edges.from_step")
        ),
        "to_step": Column(texts("Again to step"), words=STEPS),
        "again": Column(texts("Moves back"), "number", definition=define("process_edges.again")),
        "share_again": Column(
            texts("Of these moves"),
            "share",
            definition=texts("Moves back, of all that went this way."),
        ),
        "median_hours": Column(
            texts("Median, h"), "hours", definition=define("process_edges.median_hours")
        ),
    }
    show_table(view, rows, columns, file="moves-back")
