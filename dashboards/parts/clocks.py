"""Clocks that were met or breached in a period: figures, pictures, and by whom."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboards.charts import service_levels as charts
from dashboards.parts.choices import choose_one
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View
from dashboards.parts.period import choose_period, over_days, over_weeks
from dashboards.parts.tables import Column, show_table
from dashboards.queries import service_levels as queries
from dashboards.queries.periods import Period
from dashboards.words import CLOCKS, OWNERS, STAGES


def choose(view: View) -> tuple[Period, str]:
    """The period and the clock that the reader asks for."""
    texts = view.texts
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    period = choose_period(view, bar)
    options = {code: texts(CLOCKS[code]) for code in queries.CLOCKS}
    return period, choose_one(bar, "clock", texts("Clock"), options, default="decision")


def show_levels(view: View, period: Period, clock: str) -> None:
    """One clock's figures and pictures, and all clocks in a table."""
    texts = view.texts
    rows = view.ask(queries.by_clock, period)
    if rows.is_empty():
        st.info(texts("No clock was started in this period. Choose a longer one above."))
        return
    if meaning := view.define("sla_daily.clock", clock):
        st.caption(f"{texts(CLOCKS[clock])} – {meaning}")
    _show_figures(view, rows, clock)
    _show_pictures(view, period, clock)
    show_table(view, rows, _clock_columns(view), file="service-levels")


def _show_figures(view: View, rows: pl.DataFrame, clock: str) -> None:
    texts, define = view.texts, view.define
    row = next((each for each in rows.to_dicts() if each["clock"] == clock), {})
    sure = (
        texts(
            "95 %: {low} – {high}",
            low=texts.share(row["within_low"], 1),
            high=texts.share(row["within_high"], 1),
        )
        if row.get("within") is not None
        else None
    )
    show_figures(
        [
            Figure(
                texts("Within time"),
                texts.share(row.get("within"), 1),
                texts("Of the clocks met or breached, those met."),
                sure,
            ),
            Figure(texts("Met"), texts.number(row.get("met", 0)), define("sla_daily.met")),
            Figure(
                texts("Breached"),
                texts.number(row.get("breached", 0)),
                define("sla_daily.breached"),
            ),
            Figure(
                texts("Still open"),
                texts.number(row.get("still_open", 0)),
                define("sla_daily.still_open"),
            ),
            *_by_rule(view, row),
        ]
    )


def _by_rule(view: View, row: Mapping[str, Any]) -> list[Figure]:
    """Of decisions alone: how many needed nobody."""
    if row.get("clock") != "decision" or not row["opened"]:
        return []
    texts = view.texts
    share = texts.share(row["automatic"] / row["opened"], 1)
    meaning = texts(
        "Of the applications of the period, those decided by rule, without a human. What is not decided yet counts among the others."
    )
    return [Figure(texts("Decided by rule"), share, meaning)]


def _show_pictures(view: View, period: Period, clock: str) -> None:
    texts = view.texts
    step, rows = view.ask(queries.over_time, clock, period)
    if rows.is_empty():
        st.info(texts("This clock was not started in this period."))
        return
    left, right = st.columns(2, gap="medium")
    with left:
        told = texts(
            "By when the clock was started. Upwards: met (blue) and still open (grey). Downwards: breached (orange)."
        )
        st.altair_chart(charts.kept_and_missed(rows, step, texts), width="stretch", alt=told)
        st.caption(told)
    hours = view.ask(queries.hours, clock, period)
    with right:
        if hours["p50_hours"].is_null().all():
            st.info(texts("No clock has ended yet."))
            return
        told = texts(
            "Hours by the day of the start; open clocks count with what they have run. The grey line is 24 hours."
        )
        st.altair_chart(charts.how_long(hours, texts), width="stretch", alt=told)
        st.caption(told)


def show_who_and_what(view: View, period: Period) -> None:
    """In which stage the time passes, and which reviewer decides late."""
    texts = view.texts
    st.subheader(texts("Who and what takes over 24 hours"))
    stages = view.ask(queries.stages, period)
    if stages.is_empty():
        st.info(texts("No stage ended in this period."))
    else:
        show_table(view, stages, _stage_columns(view), file="stages")
    reviewers = view.ask(queries.reviewers, period)
    if reviewers.is_empty():
        st.info(texts("No reviewer decided anything in this period."))
    else:
        show_table(view, reviewers, _reviewer_columns(view), file="reviewers")


def _clock_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "clock": Column(
            texts("Clock"), words=CLOCKS, definition=define("sla_daily.clock"), width=130
        ),
        "within": Column(
            texts("Within time"),
            "share",
            definition=texts("Of the clocks met or breached, those met."),
        ),
        "opened": Column(texts("Started"), "number", definition=define("sla_daily.opened")),
        "met": Column(texts("Met"), "number", definition=define("sla_daily.met")),
        "breached": Column(texts("Breached"), "number", definition=define("sla_daily.breached")),
        "still_open": Column(
            texts("Still open"), "number", definition=define("sla_daily.still_open")
        ),
        "no_due": Column(
            texts("Without a due moment"), "number", definition=define("sla_daily.no_due")
        ),
        "p50_hours": Column(
            texts("Median, h"), "hours", definition=over_days(view, define("sla_daily.p50_hours"))
        ),
        "p90_hours": Column(
            texts("9 of 10, h"),
            "hours",
            definition=over_days(view, define("sla_daily.p90_hours"), is_median=False),
        ),
        "p95_hours": Column(
            texts("19 of 20, h"),
            "hours",
            definition=over_days(view, define("sla_daily.p95_hours"), is_median=False),
        ),
    }


def _stage_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "stage": Column(texts("Stage"), words=STAGES, definition=define("stage_daily.stage")),
        "owner_role": Column(
            texts("Whose turn"), words=OWNERS, definition=define("stage_daily.owner_role")
        ),
        "ended": Column(texts("Ended"), "number", definition=define("stage_daily.ended")),
        "median_hours": Column(
            texts("Median, h"),
            "hours",
            definition=over_days(view, define("stage_daily.median_hours")),
        ),
        "p90_hours": Column(
            texts("9 of 10, h"),
            "hours",
            definition=over_days(view, define("stage_daily.p90_hours"), is_median=False),
        ),
        "over_24h": Column(texts("Over 24 h"), "number", definition=define("stage_daily.over_24h")),
        "share_over_24h": Column(
            texts("Share over 24 h"), "share", definition=texts("Over 24 h, of those that ended.")
        ),
    }


def _reviewer_columns(view: View) -> dict[str, Column]:
    texts, define = view.texts, view.define
    return {
        "reviewer_key": Column(
            texts("Reviewer"), definition=define("reviewer_weekly.reviewer_key")
        ),
        "decided": Column(texts("Decided"), "number", definition=define("reviewer_weekly.decided")),
        "late": Column(texts("Late"), "number", definition=define("reviewer_weekly.late")),
        "median_minutes": Column(
            texts("Minutes"),
            "number",
            definition=over_weeks(view, define("reviewer_weekly.median_minutes")),
        ),
        "authorized": Column(
            texts("Authorized"), "number", definition=define("reviewer_weekly.authorized")
        ),
        "declined": Column(
            texts("Declined"), "number", definition=define("reviewer_weekly.declined")
        ),
        "overturned": Column(
            texts("Overturned"), "number", definition=define("reviewer_weekly.overturned")
        ),
        "failed_later": Column(
            texts("Failed later"), "number", definition=define("reviewer_weekly.failed_later")
        ),
        "blind": Column(texts("Blind cases"), "number", definition=define("reviewer_weekly.blind")),
        "blind_agreed": Column(
            texts("As the model"), "number", definition=define("reviewer_weekly.blind_agreed")
        ),
    }
