"""Dagster's event log in SQLite, with files that stay open: a run of ours says a thousand things.

Dagster opens, initializes and closes a file for each event, and SQLite writes its journal back at every closing. On a
quiet machine that is a third of a refresh that has nothing to do.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
    SqliteEventLogStorageWatchdog,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import NullPool, StaticPool
from watchdog.events import FileSystemEvent
from watchdog.observers import Observer

_OPEN_RUNS = 4  # of one process, beside the index: pages of Dagster read those of many


class OpenEventLog(SqliteEventLogStorage):
    """The files are Dagster's own, and may be read and written by its own class at the same time."""

    _obs: Any

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._open: OrderedDict[str, tuple[int, sa.Engine]] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> sa.Engine:
        """The one connection to a file, made anew where another process removed the file or put one in its place."""
        file = _file(self.path_for_shard(shard))
        if shard in self._open:
            opened, engine = self._open[shard]
            if opened == file:
                self._open.move_to_end(shard)
                return engine
            self._close(shard)
        self._initdb(self._new_engine(shard, NullPool))
        engine = self._new_engine(shard, StaticPool)
        # A run that a power cut ends may lose its last lines; whatever else ends it loses nothing.
        sa.event.listen(engine, "connect", _syncs_at_checkpoints)
        self._open[shard] = (_file(self.path_for_shard(shard)), engine)
        for old in [each for each in self._open if each != INDEX_SHARD_NAME][:-_OPEN_RUNS]:
            self._close(old)
        return engine

    def _new_engine(self, shard: str, pool: type[sa.Pool]) -> sa.Engine:
        connect_args = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
        return sa.create_engine(
            self.conn_string_for_shard(shard), poolclass=pool, connect_args=connect_args
        )

    def _close(self, shard: str) -> None:
        _, engine = self._open.pop(shard)
        engine.dispose()

    def wipe(self) -> None:
        self._close_all()
        super().wipe()

    def dispose(self) -> None:
        super().dispose()
        self._close_all()

    def _close_all(self) -> None:
        with self._db_lock:
            for shard in list(self._open):
                self._close(shard)

    def watch(self, run_id: str, cursor: str | None, callback: Any) -> None:
        if not self._obs:
            self._obs = Observer()
            self._obs.start()
        follower = _Follower(self, run_id, callback, cursor)
        watched = self._obs.schedule(follower, self._base_dir, recursive=True)
        self._watchers[run_id][callback] = (follower, watched)


class _Follower(SqliteEventLogStorageWatchdog):
    """Follows a run by its journal: the file itself is written at checkpoints alone."""

    @property
    def patterns(self) -> list[str]:
        return [self._log_path, f"{self._log_path}-wal"]

    def on_modified(self, event: FileSystemEvent) -> None:
        self._process_log()


def _file(path: str) -> int:
    """What tells a file from another one in its place; nothing where there is none."""
    try:
        return Path(path).stat().st_ino
    except FileNotFoundError:
        return 0


def _syncs_at_checkpoints(connection: Any, _: Any) -> None:
    connection.execute("pragma synchronous = normal")
