"""The mart `pipeline_runs`: how the newest runs went, for those who look at the dashboards and not into Dagster."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl

from pipelines.alerts import failures
from pipelines.quality.health import RUNS

KEPT = 200
_ENDED = {"success", "failure", "canceled"}
_TELLING = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
}


def recent_runs(
    instance: dg.DagsterInstance, known: pl.DataFrame | None = None, ending: str | None = None
) -> pl.DataFrame:
    """The newest runs, the newest first. What is known of one that has ended is not asked again.

    `ending` is a run that is about to end: it is told as if it had, for nobody looks at it again after its end.
    """
    told = {} if known is None else {row["run_id"]: row for row in known.iter_rows(named=True)}
    rows = [
        told[record.dagster_run.run_id]
        if _is_told(record, told)
        else _row(instance, record, is_ending=record.dagster_run.run_id == ending)
        for record in instance.get_run_records(limit=KEPT)
    ]
    return pl.DataFrame(rows, schema=RUNS)


def _is_told(record: dg.RunRecord, told: Mapping[str, Mapping[str, Any]]) -> bool:
    row = told.get(record.dagster_run.run_id)
    return row is not None and row["status"] == _status(record) in _ENDED


def _status(record: dg.RunRecord) -> str:
    return str(record.dagster_run.status.value).lower()


def _row(instance: dg.DagsterInstance, record: dg.RunRecord, *, is_ending: bool) -> dict[str, Any]:
    run = record.dagster_run
    entries = instance.all_logs(run.run_id, of_type=_TELLING)
    events = [each.dagster_event for each in entries if each.dagster_event]
    has_failed = any(each.is_step_failure for each in events)
    status = _status(record)
    ended_at = _moment(record.end_time)
    if is_ending:
        status, ended_at = "failure" if has_failed else "success", datetime.now(UTC)
    fault = next(failures(events, run.job_name), None) if status == "failure" else None
    started_at = _moment(record.start_time)
    return {
        "run_id": run.run_id,
        "job": run.job_name,
        "status": status,
        "started_at": started_at and started_at.replace(tzinfo=None),
        "ended_at": ended_at and ended_at.replace(tzinfo=None),
        "seconds": (ended_at - started_at).total_seconds() if ended_at and started_at else None,
        "events": _told(events, "events_read"),
        "through_seq": _told(events, "through_seq"),
        "failed_step": fault.step if fault else None,
        "message": fault.words if fault else None,
    }


def _told(events: list[dg.DagsterEvent], name: str) -> int | None:
    """A number that the step `ingest` told of."""
    for each in events:
        if each.is_step_materialization and each.step_key == "ingest":
            value = each.step_materialization_data.materialization.metadata.get(name)
            return int(str(value.value)) if value else None
    return None


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
