"""How the pipeline does: freshness, checks, quarantine, runs."""

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboards.charts import runs as charts
from dashboards.parts.figures import Figure, show_figures
from dashboards.parts.frame import View, show_date
from dashboards.parts.tables import Column, show_table
from dashboards.queries import data_health as queries
from dashboards.words import DOORS, EXPECTATIONS, JOBS, RUN_STATUSES, SET_ASIDE, SEVERITIES


def show_freshness(view: View) -> None:
    """Until when the figures tell, and how long ago they were made."""
    show_date(view)
    texts, publication = view.texts, view.publication
    behind = _hours(publication.published_at, publication.as_of) if publication.as_of else None
    show_figures(
        [
            Figure(
                texts("Age of the figures"),
                texts.duration(_hours(datetime.now(UTC), publication.published_at)),
                texts("How long ago the newest publication was made."),
            ),
            Figure(
                texts("Newest event before that"),
                texts.duration(behind),
                texts("How long before the publication the newest event in it happened."),
            ),
            Figure(
                texts("Events taken in"),
                texts.number(publication.through_seq),
                texts("The number of the log's last event that the figures count."),
            ),
        ]
    )


def show_checks(view: View) -> None:
    """Each check as it was found last, the failing ones on top."""
    texts, define = view.texts, view.define
    st.subheader(texts("Checks"))
    rows = view.ask(queries.checks)
    if rows.is_empty():
        st.info(texts("No check has run yet."))
        return
    found = queries.counted(rows)
    _say_how_they_stand(view, found)
    columns = {
        "passed": Column(texts("Passed"), "verdict", definition=define("data_quality.passed")),
        "severity": Column(
            texts("If it fails"), words=SEVERITIES, definition=define("data_quality.severity")
        ),
        "door": Column(texts("Where"), words=DOORS, definition=define("data_quality.door")),
        "table_name": Column(
            texts("Table"), definition=define("data_quality.table_name"), width=220
        ),
        "column_name": Column(texts("Column"), definition=define("data_quality.column_name")),
        "kind": Column(
            texts("What is expected"),
            words=EXPECTATIONS,
            definition=define("data_quality.expectation"),
            width=150,
        ),
        "failing_rows": Column(
            texts("Failing rows"), "number", definition=define("data_quality.failing_rows")
        ),
        "sample": Column(texts("Some of them"), definition=define("data_quality.sample")),
        "description": Column(
            texts("Rule in full"),
            "sentences",
            definition=define("data_quality.description"),
            width=250,
        ),
        "checked_at": Column(
            texts("Checked at"), "moment", definition=define("data_quality.checked_at")
        ),
    }
    show_table(view, rows, columns, file="checks")


def _say_how_they_stand(view: View, found: queries.Checks) -> None:
    texts = view.texts
    count = texts.number(found.all)
    if found.blocking:
        st.error(
            texts(
                "{n} of {all} checks fail and stop the publication: the pages show the last good figures.",
                n=texts.number(found.blocking),
                all=count,
            )
        )
    if found.warnings:
        st.warning(
            texts(
                "{n} of {all} checks fail without stopping the publication.",
                n=texts.number(found.warnings),
                all=count,
            )
        )
    if not found.blocking and not found.warnings:
        st.success(texts("All {all} checks pass.", all=count))


def show_quarantine(view: View) -> None:
    """What was not taken in, and why."""
    texts, define = view.texts, view.define
    st.subheader(texts("Quarantine"))
    rows = view.ask(queries.quarantined)
    if rows.is_empty():
        st.success(texts("No event lies in quarantine."))
        return
    st.caption(
        texts(
            "{n} events are not counted in any figure. They stay in the log and are tried again when the lake is made anew.",
            n=texts.number(float(rows["events"].sum())),
        )
    )
    columns = {
        "type": Column(texts("Event"), definition=define("quarantine.type"), width=150),
        "kind": Column(texts("Kind"), words=SET_ASIDE, definition=define("quarantine.kind")),
        "reason": Column(
            texts("Reason"), "sentences", definition=define("quarantine.reason"), width=380
        ),
        "events": Column(texts("Events"), "number"),
        "first_at": Column(texts("First"), "moment"),
        "last_at": Column(texts("Last"), "moment"),
    }
    show_table(
        view,
        rows,
        columns,
        file="quarantine",
        whole=lambda: view.take(queries.quarantine),
    )


def show_runs(view: View) -> None:
    """How long the last runs took and how they ended."""
    texts, define = view.texts, view.define
    st.subheader(texts("Runs"))
    rows = view.ask(queries.runs)
    if rows.is_empty():
        st.info(texts("No run is remembered."))
        return
    timed = rows.drop_nulls(["started_at", "seconds"])
    if not timed.is_empty():
        picture = timed.with_columns(started_at=view.local(pl.col("started_at")))
        told = texts(
            "How many seconds each run took: a dot where it succeeded, a cross where it failed."
        )
        st.altair_chart(charts.seconds_of_runs(picture, texts), width="stretch", alt=told)
    columns = {
        "started_at": Column(
            texts("Started at"), "moment", definition=define("pipeline_runs.started_at")
        ),
        "job": Column(texts("Job"), words=JOBS, definition=define("pipeline_runs.job")),
        "status": Column(
            texts("How it ended"), words=RUN_STATUSES, definition=define("pipeline_runs.status")
        ),
        "seconds": Column(texts("Seconds"), "hours", definition=define("pipeline_runs.seconds")),
        "events": Column(texts("Events"), "number", definition=define("pipeline_runs.events")),
        "through_seq": Column(
            texts("Through event"), "number", definition=define("pipeline_runs.through_seq")
        ),
        "failed_step": Column(texts("Failed step"), definition=define("pipeline_runs.failed_step")),
        "message": Column(
            texts("Message"), "sentences", definition=define("pipeline_runs.message"), width=300
        ),
    }
    show_table(view, rows, columns, file="runs")


def _hours(later: datetime, earlier: datetime) -> float:
    return max(0.0, (later - earlier).total_seconds() / 3600)
