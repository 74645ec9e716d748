"""Opens the warehouse's file, whatever lies there: nothing yet, this version's, another version's, something else.

All that a warehouse holds is derived, so one of an older version is set aside and built anew. What we did not write
ourselves is never touched.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.warehouse.lock import Say, WarehouseUnwritable
from pipelines.warehouse.models import LAYERS
from retour.errors import UserError

VERSION = 2
_DAMAGED = ("Corrupt database file", "database has been invalidated")
_NO_ROOM = ("No space left", "Disk quota exceeded", "failed to offload data block")
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_SETTINGS = {  # what DuckDB takes only once it is open
    "parquet_metadata_cache": "true",  # a segment is read in many places
    "disabled_compression_methods": "dict_fsst",  # on text: half the file, for a tenth of the rebuild's time
}
_META = """
create schema if not exists lake;
create schema if not exists meta;
create table if not exists meta.version (version integer not null);
create schema if not exists changes;
create table if not exists meta.builds (
    relation varchar not null, made_from varchar not null, fingerprint varchar not null, rows bigint,
    code varchar not null, version bigint not null, since bigint not null
);
create table if not exists meta.seen (
    relation varchar not null, source varchar not null, position bigint not null, fingerprint varchar not null
);
create table if not exists meta.lake_span (
    generation varchar not null, through_seq bigint not null, first_moment timestamp, last_moment timestamp, as_of timestamp
);
create table if not exists meta.column_lineage (
    relation varchar not null, column_name varchar not null,
    source_relation varchar not null, source_column varchar not null
);
create table if not exists meta.run (as_of timestamp, through_seq bigint not null, timezone varchar not null);
create table if not exists meta.zone_offsets (
    starts_at timestamp not null, ends_at timestamp not null, offset_seconds integer not null
);
create table if not exists meta.cost_rates (
    kind varchar not null, word varchar not null, currency varchar, amount_minor bigint, percent integer
);
"""


class NotAWarehouse(UserError):
    """The file is there, but it is not ours to write to."""


class WarehouseNewer(UserError):
    """A newer Retour wrote the file."""


class WarehouseDamaged(UserError):
    """DuckDB cannot read the file any more."""


def first_row(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()
) -> tuple[Any, ...] | None:
    """The first row of a query, the rest fetched too: DuckDB refuses other work beside an unfinished result."""
    rows = connection.execute(sql, list(parameters)).fetchall()
    return rows[0] if rows else None


def open_warehouse(path: Path, say: Say) -> duckdb.DuckDBPyConnection:
    """A connection to a warehouse of this version, made or made anew if need be. The caller holds the lock."""
    connection = _connect(path)
    with derived_again(path):
        version = _version(path, connection)
        if version is not None and version < VERSION:
            connection.close()
            _set_aside(path, version, say)
            connection = _connect(path)
        _prepare(connection)
    return connection


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    refuse_foreign(path)
    try:
        connection = duckdb.connect(str(path), config=_CONFIG)
    except duckdb.Error as refused:
        raise _refusal(path, str(refused).splitlines()[0]) from refused
    for setting, value in _SETTINGS.items():
        connection.execute(f"set {setting} = '{value}'")
    return connection


def refuse_foreign(path: Path) -> None:
    """Raise where the file is not a DuckDB database: DuckDB itself would take a SQLite file for a database to attach, and look for an extension."""
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            opening = file.read(12)
    except OSError as refused:
        raise WarehouseUnwritable(
            f"cannot read {path} ({refused.strerror}); name another file with RETOUR_WAREHOUSE"
        ) from refused
    if opening[8:12] != b"DUCK":
        raise NotAWarehouse(
            f"{path} is no DuckDB database; move it away, or name another file with RETOUR_WAREHOUSE"
        )


@contextmanager
def derived_again(path: Path) -> Iterator[None]:
    """Around the first look into a warehouse: what DuckDB cannot read of it, a refresh makes again."""
    try:
        yield
    except duckdb.Error as broken:
        raise _refusal(path, str(broken).splitlines()[0]) from broken


@contextmanager
def full_disk_told(path: Path) -> Iterator[None]:
    """Around what DuckDB writes, or may have to write in between: a disk without room is told with the way out.

    So is what it comes upon damaged in its own file.
    """
    with damage_told(path):
        try:
            yield
        except duckdb.Error as refused:
            for line in str(refused).splitlines():
                if _has_no_room(line):
                    raise _full_disk(path, line) from refused
            raise


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Around what DuckDB reads: blocks of its file are read when they are needed, long after it was opened."""
    try:
        yield
    except duckdb.Error as refused:
        for line in str(refused).splitlines():
            if any(words in line for words in _DAMAGED):
                raise _damaged(path, line) from refused
        raise


def _damaged(path: Path, reason: str) -> WarehouseDamaged:
    return WarehouseDamaged(
        f"cannot read {path} ({reason}). All in it is derived: "
        "move it away and run `retour refresh`, which makes it again"
    )


def _has_no_room(reason: str) -> bool:
    return any(words in reason for words in _NO_ROOM)


def _full_disk(path: Path, reason: str) -> WarehouseUnwritable:
    return WarehouseUnwritable(
        f"cannot write {path} ({reason}); free space and run `retour refresh` again. "
        "What was built and published before stays as it was"
    )


def _refusal(path: Path, reason: str) -> UserError:
    if "Conflicting lock" in reason:
        return NotAWarehouse(
            f"another program has {path} open ({reason}); close it and run `retour refresh` again"
        )
    if _has_no_room(reason):
        return _full_disk(path, reason)
    if "Permission denied" in reason or "Read-only" in reason:
        return WarehouseUnwritable(
            f"cannot write {path} ({reason}); make it writable, or name another file with RETOUR_WAREHOUSE"
        )
    return _damaged(path, reason)


def _version(path: Path, connection: duckdb.DuckDBPyConnection) -> int | None:
    """The version that wrote the file; None for one without any relation. Raises unless we may write to it."""
    tables = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    if not tables:
        return None
    if ("meta.version",) not in tables:
        connection.close()
        raise NotAWarehouse(
            f"{path} is a DuckDB database, but none that Retour made; "
            "move it away, or name another file with RETOUR_WAREHOUSE"
        )
    row = first_row(connection, "select coalesce(max(version), 0) from meta.version")
    number = int(row[0]) if row else 0
    if number > VERSION:
        connection.close()
        raise WarehouseNewer(
            f"{path} was made by a newer Retour (warehouse version {number}, this one makes {VERSION}); upgrade "
            "Retour, or move the file away and run `retour refresh`: all in it is derived"
        )
    return number


def _set_aside(path: Path, version: int, say: Say) -> None:
    aside = path.with_name(f"{path.name}.v{version}")
    path.replace(aside)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    say(f"{path} was made by an older Retour; it lies now at {aside} and is built anew")


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("begin")
    connection.execute(_META)
    for layer in LAYERS:
        connection.execute(f"create schema if not exists {layer}")
    connection.execute("delete from meta.version")
    connection.execute("insert into meta.version values (?)", [VERSION])
    connection.execute("commit")
