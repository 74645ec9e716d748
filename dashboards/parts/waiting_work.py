"""What waits now, whose it is, and how much of it is expected to be late by tomorrow."""

import polars as pl
import streamlit as st

from dashboards.parts.choices import choose_any, choose_one
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.tables import Column, show_table
from dashboards.queries import service_levels as queries
from dashboards.words import CLOCKS, OWNERS, WAITS

SHOWN = 200  # of the queue; the CSV has all


def show_forecast(view: View) -> None:
    """The next 24 hours: what is due, and how much of it is expected to be late."""
    texts = view.texts
    st.subheader(texts("The next 24 hours"))
    rows = view.ask(queries.forecast)
    if rows.is_empty():
        st.success(texts("No clock is running: nothing can be late."))
        return
    show_figures(forecast_figures(view))
    st.caption(
        texts(
            "The last three columns try the forecast: what it would have said at this hour on each of the last 28 days by what was known then, and what came."
        )
    )
    show_table(view, rows, _forecast_columns(view), file="forecast")


def forecast_figures(view: View) -> list[Figure]:
    """Open, overdue and due clocks of all kinds, and how many are expected to be late."""
    texts, define = view.texts, view.define
    sums = view.ask(queries.forecast_sum)
    return [
        Figure(
            texts("Clocks running"),
            texts.number(sums.open_now),
            define("sla_forecast.open_now"),
        ),
        Figure(
            texts("Overdue now"), texts.number(sums.overdue_now), define("sla_forecast.overdue_now")
        ),
        Figure(
            texts("Due within 24 h"), texts.number(sums.due_24h), define("sla_forecast.due_24h")
        ),
        Figure(
            texts("Of these, likely late"),
            texts.number(sums.expected_breaches, 1),
            define("sla_forecast.expected_breaches"),
        ),
    ]


def show_queue(view: View) -> None:
    """The waiting work by owner, and the pieces themselves."""
    texts = view.texts
    st.subheader(texts("What waits now"))
    owners = view.ask(queries.owners)
    if owners.is_empty():
        st.success(texts("Nothing waits: every return and every case is closed."))
        return
    asked = _choose(view, owners)
    waiting, overdue = view.ask(queries.queue_length, asked)
    rows = view.ask(queries.queue, asked, SHOWN)
    st.caption(
        texts(
            "{waiting} waiting, {overdue} of them overdue, each line of a return by itself; lines that wait together share a row. The longest overdue on top, then what is due soonest; {shown} rows shown.",
            waiting=texts.number(waiting),
            overdue=texts.number(overdue),
            shown=texts.number(len(rows)),
        )
    )
    left, right = st.columns([6, 8], gap="medium")
    with left:
        show_table(view, owners, _owner_columns(view), file="owners")
    with right:
        show_table(
            view,
            rows,
            _queue_columns(view),
            file="queue",
            whole=lambda: view.take(queries.queue, asked, None),
        )


def _choose(view: View, owners: pl.DataFrame) -> queries.Queue:
    texts = view.texts
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    kinds = owners["kind"].unique().sort().to_list()
    roles = owners["owner_role"].unique().sort().to_list()
    kind = choose_any(
        bar,
        "kind",
        texts("What it waits for"),
        {code: texts.word(WAITS, code) for code in kinds},
        texts("all"),
    )
    role = choose_any(
        bar,
        "owner",
        texts("Whose turn"),
        {code: texts.word(OWNERS, code) for code in roles},
        texts("all"),
    )
    due = choose_one(
        bar,
        "due",
        texts("Due"),
        {"all": texts("all"), "overdue": texts("overdue only")},
        default="all",
    )
    return queries.Queue(kind, role, due == "overdue")


def _forecast_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "clock": Column(texts("Clock"), words=CLOCKS, width=130),
        "open_now": Column(texts("Running"), "number", definition=define("sla_forecast.open_now")),
        "overdue_now": Column(
            texts("Overdue now"), "number", definition=define("sla_forecast.overdue_now")
        ),
        "due_24h": Column(
            texts("Due within 24 h"), "number", definition=define("sla_forecast.due_24h")
        ),
        "expected_breaches": Column(
            texts("Likely late"), "hours", definition=define("sla_forecast.expected_breaches")
        ),
        "expected_low": Column(
            texts("at least"), "hours", definition=define("sla_forecast.expected_low")
        ),
        "expected_high": Column(
            texts("at most"), "hours", definition=define("sla_forecast.expected_high")
        ),
        "expected_before": Column(
            texts("Foretold, 28 days"),
            "hours",
            definition=define("forecast_scores.expected_breaches"),
        ),
        "came_before": Column(
            texts("Came"), "number", definition=define("forecast_scores.breaches")
        ),
        "held": Column(
            texts("Held"),
            "share",
            definition=texts(
                "Days on which as many came as the interval said; nine in ten should."
            ),
        ),
    }


def _owner_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "owner_role": Column(
            texts("Whose turn"), words=OWNERS, definition=define("work_now.owner_role"), width=110
        ),
        "kind": Column(
            texts("What it waits for"), words=WAITS, definition=define("work_now.kind"), width=130
        ),
        "waiting": Column(texts("Waiting"), "number", width=68),
        "overdue": Column(
            texts("Overdue"), "number", definition=define("work_now.is_overdue"), width=72
        ),
        "worst_hours": Column(
            texts("Hours over"),
            "hours",
            definition=texts(
                "By how many hours the worst is overdue, by the promise that stood when it began."
            ),
            width=80,
        ),
    }


def _queue_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "subject": Column(
            texts("Return or case"), definition=define("work_now.subject"), width=150
        ),
        "kind": Column(texts("What it waits for"), words=WAITS, definition=define("work_now.kind")),
        "items": Column(texts("Lines"), "number", definition=define("work_now.items"), width=60),
        "owner_role": Column(
            texts("Whose turn"), words=OWNERS, definition=define("work_now.owner_role")
        ),
        "hours_over": Column(
            texts("Hours over"), "hours", definition=define("work_now.hours_over"), width=80
        ),
        "hours_left": Column(
            texts("Hours left"), "hours", definition=define("work_now.hours_left")
        ),
        "due_at": Column(texts("Due at"), "moment", definition=define("work_now.due_at")),
        "customer_waits_hours": Column(
            texts("Customer waits, h"), "hours", definition=define("work_now.customer_waits_hours")
        ),
        "paused": Column(texts("Paused"), "flag", definition=define("work_now.paused")),
        "owner_key": Column(texts("Owner"), definition=define("work_now.owner_key")),
    }
