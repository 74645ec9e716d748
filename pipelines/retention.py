"""Old runs are forgotten, and so is all that Dagster itself leaves behind of a run that it deletes.

A refresh writes about a megabyte of history, and a busy shop makes a thousand refreshes a day. Deleting a run empties
its file without removing it, and leaves the results of its checks in the index for good.
"""

import logging
import re
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

KEPT_RUNS = 200
KEPT_FAILURES = 100  # what went wrong is looked for longer than what went well
_A_TIME = 20
_OF_A_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.db(-wal|-shm)?")
_AN_HOUR = 3600
_WORTH_VACUUMING = 4_000_000  # bytes
_LOCK_SECONDS = 10
_progress = logging.getLogger("retour.progress")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was forgotten, and by how much the history's files are smaller."""

    runs: int
    bytes_freed: int


def prune_runs(
    instance: dg.DagsterInstance,
    *,
    keep: int = KEPT_RUNS,
    keep_failures: int = KEPT_FAILURES,
    at_most: int = _A_TIME,
) -> int:
    """Delete the oldest ended runs beyond those kept, of successes and of failures; returns how many.

    A few at a time, so that it may be done at every refresh.
    """
    succeeded = _old(instance, [dg.DagsterRunStatus.SUCCESS], keep, at_most)
    failed = _old(
        instance,
        [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED],
        keep_failures,
        at_most,
    )
    old = [*succeeded, *failed]
    for run_id in old:
        instance.delete_run(run_id)
        _remove_shard(instance, run_id)
    if old:
        _forget_checks(instance, Checks.c.run_id.in_(old))
    return len(old)


def prune_history(
    instance: dg.DagsterInstance, *, keep: int = KEPT_RUNS, keep_failures: int = KEPT_FAILURES
) -> Pruned:
    """Delete all runs beyond those kept, what is left of runs deleted earlier, and give the room back to the disk."""
    root = Path(instance.root_directory)
    before = _size(root)
    runs = 0
    while pruned := prune_runs(instance, keep=keep, keep_failures=keep_failures):
        runs += pruned
    known = set(instance.get_run_ids())
    _forget_checks(instance, Checks.c.run_id.not_in(sorted(known)))
    _remove_strays(instance, known)
    for path in sorted(root.rglob("*.db")):
        if not _OF_A_RUN.fullmatch(path.name):
            _vacuum(path)
    return Pruned(runs, before - _size(root))


def _old(
    instance: dg.DagsterInstance, statuses: Sequence[dg.DagsterRunStatus], keep: int, at_most: int
) -> Sequence[str]:
    ended = dg.RunsFilter(statuses=list(statuses))
    kept = instance.get_run_ids(ended, limit=keep)
    if len(kept) < keep:
        return []
    return instance.get_run_ids(ended, cursor=kept[-1], limit=at_most)


def _forget_checks(instance: dg.DagsterInstance, of: sa.ColumnElement[bool]) -> None:
    """Delete results of checks, but for each check's newest: its page goes on showing how it stands."""
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        newest = sa.select(sa.func.max(Checks.c.id)).group_by(
            Checks.c.asset_key, Checks.c.check_name
        )
        with storage.index_connection() as connection:
            connection.execute(sa.delete(Checks).where(of, Checks.c.id.not_in(newest)))


def _remove_shard(instance: dg.DagsterInstance, run_id: str) -> None:
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        for suffix in ("", "-wal", "-shm"):
            Path(storage.path_for_shard(run_id) + suffix).unlink(missing_ok=True)


def _remove_strays(instance: dg.DagsterInstance, known: Collection[str]) -> None:
    """Remove files of runs that were deleted without them. A run that begins has a row before it has a file."""
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        for path in Path(storage.path_for_shard("any")).parent.iterdir():
            is_stray = _OF_A_RUN.fullmatch(path.name) and path.name.split(".")[0] not in known
            if is_stray and path.stat().st_mtime < time.time() - _AN_HOUR:
                path.unlink(missing_ok=True)


def _vacuum(path: Path) -> None:
    """Give back the room of deleted rows where it is worth it. A database that is in use keeps it until the next night."""
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_SECONDS)) as connection:
            free, size = (
                connection.execute(f"pragma {name}").fetchone()[0]
                for name in ("freelist_count", "page_size")
            )
            if free * size > _WORTH_VACUUMING:
                connection.execute("vacuum")
                connection.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.Error as refused:
        _progress.info("%s keeps its size until the next night (%s)", path, refused)


def _size(folder: Path) -> int:
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.stat().st_size
