"""Runs a job in this process, against the Dagster instance of a home."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg

from pipelines.definitions import defs
from pipelines.faults import named, told
from pipelines.liveness import fail_dead_runs, release
from pipelines.terminal import without_lines
from retour.errors import UserError

_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_OF_OUR_LOCATION = {
    ".dagster/repository": "__repository__@retour"
}  # so the job's page lists the run


_OF_THE_RECORD = "Exception while writing logger call to event log"


class RefreshFailed(UserError):
    """The run failed; the message names the step and the cause."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a run did."""

    events: int
    through_seq: int
    quarantined: int
    marts_changed: str


def run_job(home: Path, job: str = "refresh", **scope: str | bool) -> Refreshed:
    """Run a job once, with what `pipelines.scope.Scope` may be told. Raises `RefreshFailed`."""
    config = {**_SILENT, "resources": {"scope": {"config": scope}}}
    with _run_history(home) as instance:
        fail_dead_runs(instance)
        run_id = str(uuid4())
        try:
            result = _job(job).execute_in_process(
                instance=instance, run_id=run_id, run_config=config, tags=_OF_OUR_LOCATION
            )
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as interrupted:
            raise RefreshFailed(
                f"the {job} was interrupted; run `retour refresh`, it goes on where it was"
            ) from interrupted
        except Exception as failure:
            raise RefreshFailed(_told(instance, job, run_id, failure)) from failure
        finally:
            release(instance, run_id)
    return _refreshed(result)


@contextmanager
def _run_history(home: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's own record of runs: a full disk, a read-only folder or a damaged file there stops a run as well."""
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance, without_lines(_OF_THE_RECORD):
            yield instance
    except UserError:
        raise
    except Exception as fault:
        raise RefreshFailed(
            f"Dagster's record of runs in {home}/ cannot be used ({named(fault)}); free space or make it writable. "
            "If a file in it is damaged, move the folder away: it holds nothing but past runs"
        ) from fault


def _job(name: str) -> dg.JobDefinition:
    try:
        job: dg.JobDefinition = defs().resolve_job_def(name)
        return job
    except Exception as failure:
        raise RefreshFailed(told(failure)) from failure


def _told(instance: dg.DagsterInstance, job: str, run_id: str, failure: Exception) -> str:
    failed = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    steps = [entry.step_key.replace("__", "/") for entry in failed if entry.step_key]
    place = f" at {steps[0]}" if steps else ""
    return f"the {job} failed{place}: {told(failure)}"


def _refreshed(result: dg.ExecuteInProcessResult) -> Refreshed:
    ingested, published = _metadata(result, "ingest"), _metadata(result, "published")
    return Refreshed(
        events=ingested.get("events_read", 0),
        through_seq=published["through_seq"],
        quarantined=ingested.get("events_quarantined_in_all", 0),
        marts_changed=published["marts_changed"],
    )


def _metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """What a step told; nothing where the job does without it."""
    if not any(each.step_key == asset for each in result.all_events):
        return {}
    (materialization,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in materialization.metadata.items()}
