"""Which Dagster runs are alive, asked of the operating system: those that are not, and those that hang, are marked as failed.

Dagster leaves a run that was killed with -9 as started for ever, and with one run at a time nothing starts after it.
So a run locks a file named after it until its process ends, however that ends. A file that nobody locks is a run
that died.

Dagster's own longest time asks a run to end, which one that hangs in a library never hears; where it does hear, the run
counts as cancelled, which alerts nobody. So a run that takes too long is killed, as a power cut would, and has failed.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import dagster as dg

from pipelines.warehouse.lock import try_lock

_FOLDER = "alive"
_IN_PROGRESS = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
START_GRACE = timedelta(minutes=3)  # a process that starts on a busy machine has no file yet
_held: dict[Path, IO[str]] = {}


def claim(instance: dg.DagsterInstance, run_id: str) -> None:
    """Show that this process works on a run, until it ends."""
    path = _folder(instance) / run_id
    if path in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{run_id}.{os.getpid()}")
    file = draft.open("w", encoding="ascii")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write(str(os.getpid()))
    file.flush()
    draft.replace(path)  # so that nobody sees it unlocked
    _held[path] = file


def release(instance: dg.DagsterInstance, run_id: str) -> None:
    """Let go of a run whose end is recorded; a process that goes on must not hold it for ever."""
    path = _folder(instance) / run_id
    if file := _held.pop(path, None):
        path.unlink(missing_ok=True)
        file.close()


def fail_dead_runs(
    instance: dg.DagsterInstance, *, start_grace: timedelta = START_GRACE
) -> list[str]:
    """Mark the runs whose process is gone as failed, and return their ids."""
    dead = list(_dead_runs(instance, datetime.now(UTC) - start_grace))
    for run in dead:
        _report(instance, run)
    _sweep(instance)
    return [run.run_id for run in dead]


def end_hung_runs(instance: dg.DagsterInstance, longest: timedelta) -> list[str]:
    """Kill the processes of runs that began longer ago, mark the runs as failed, and return their ids."""
    hung = list(_hung_runs(instance, datetime.now(UTC) - longest))
    for run in hung:
        _kill(_folder(instance) / run.run_id)
        instance.report_run_failed(run, _said_of_hung(instance, run, longest))
    return [run.run_id for run in hung]


def _hung_runs(instance: dg.DagsterInstance, begun_before: datetime) -> Iterator[dg.DagsterRun]:
    for record in instance.get_run_records(dg.RunsFilter(statuses=_IN_PROGRESS)):
        run_id = record.dagster_run.run_id
        is_old = record.start_time is not None and record.start_time < begun_before.timestamp()
        if is_old and _folder(instance) / run_id not in _held:
            current = instance.get_run_by_id(run_id)  # it may have ended since it was listed
            if current and current.status in _IN_PROGRESS:
                yield current


def _kill(path: Path) -> None:
    """End the process that holds a run's file; one that let go of it has ended, and its number may be another's by now."""
    if _is_locked(path):
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(path.read_text(encoding="ascii")), signal.SIGKILL)


def _said_of_hung(instance: dg.DagsterInstance, run: dg.DagsterRun, longest: timedelta) -> str:
    begun = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START)
    step = (begun[-1].step_key or "").replace("__", "/") if begun else "its start"
    hours = longest / timedelta(hours=1)
    return (
        f"The run was at {step} after {hours:g} hours and was ended: the next ones wait behind it. They go on where it "
        "was. If it hung, the run's page in Dagster shows where; if it needs longer, raise RETOUR_LONGEST_RUN_HOURS."
    )


def _dead_runs(instance: dg.DagsterInstance, started_before: datetime) -> Iterator[dg.DagsterRun]:
    for record in instance.get_run_records(dg.RunsFilter(statuses=_IN_PROGRESS)):
        run_id = record.dagster_run.run_id
        is_alive = _is_locked(_folder(instance) / run_id)
        if is_alive is None:
            is_alive = record.update_timestamp > started_before
        current = instance.get_run_by_id(run_id)  # it may have ended since it was listed
        if not is_alive and current and current.status in _IN_PROGRESS:
            yield current


def _report(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    message = "The run's process ended without a word (killed, or the machine stopped)."
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, message)
    else:
        instance.report_run_failed(run, message)


def _is_locked(path: Path) -> bool | None:
    """Whether some process holds the file; None where there is none."""
    if path in _held:
        return True
    try:
        with path.open(encoding="ascii") as file:
            return not try_lock(file)
    except FileNotFoundError:
        return None


def _sweep(instance: dg.DagsterInstance) -> None:
    """Remove the files of runs that have ended."""
    for path in _folder(instance).glob("*"):
        run = instance.get_run_by_id(path.name)
        if (run is None or run.is_finished) and not _is_locked(path):
            path.unlink(missing_ok=True)


def _folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / _FOLDER
