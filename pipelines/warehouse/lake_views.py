"""The lake as the warehouse sees it: a view for each table over the files that the manifest lists, and the run's parameters.

`as_of`, the moment for which everything is computed, is the time of the newest event that the shop's life brought.
Conclusions do not count: they are drawn as of that moment, and would otherwise move it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from pipelines.costs import CostRate
from pipelines.lake.manifest import Manifest
from pipelines.lake.tables import payload_tables, tables
from pipelines.warehouse.opening import first_row
from pipelines.warehouse.zones import OffsetPeriod, offset_periods
from retour.errors import UserError

# Conclusions, and what buyers do about them: looking at a shop whose history ended years ago must not make it years older.
_NOT_LIVED = ("conclusion", "flag")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Span = tuple[datetime | None, datetime | None, datetime | None]  # naive, UTC


class UnknownTimezone(UserError):
    """The newest import names a zone that this machine does not know."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is computed for: the log up to `through_seq`, as of a moment (none for an empty log), in a zone."""

    as_of: datetime | None
    through_seq: int
    timezone: str


def table_fingerprints(manifest: Manifest) -> dict[str, str]:
    """What each lake relation holds, told by its columns and the hashes of its files."""
    hashes: dict[str, list[str]] = {name: [] for name in payload_tables()}
    for segment in manifest.segments:
        hashes.setdefault(segment.table, []).append(segment.sha256)
    return {
        f"lake.{name}": digest(name, str(sorted(columns.items())), *hashes[name])
        for name, columns in payload_tables().items()
    }


def digest(*parts: str) -> str:
    """A short name for what the parts say together."""
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:32]


def create_views(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, names: Iterable[str]
) -> None:
    """Make `lake.<table>` for these tables, those without a file included."""
    for name in names:
        rows = _select(manifest, name, manifest.files(name))
        connection.execute(f"create or replace view lake.{name} as {rows}")


def view_digests(manifest: Manifest) -> dict[str, str]:
    """What each table's view is made of, told by its columns, those in its files, and where these lie."""
    paths: dict[str, list[str]] = {name: [] for name in payload_tables()}
    for segment in manifest.segments:
        paths.setdefault(segment.table, []).append(segment.path)
    folder = str(manifest.lake_dir.resolve())
    return {
        name: digest(
            folder, str(sorted(columns.items())), str(sorted(_held(manifest, name))), *paths[name]
        )
        for name, columns in payload_tables().items()
    }


def events_after(manifest: Manifest, relation: str, seq: int) -> str:
    """A SELECT of those rows of `lake.<table>` whose events follow a position; it opens no file that holds none."""
    name = relation.partition(".")[2]
    rows = _select(manifest, name, manifest.files(name, seq))
    return f"select * from ({rows}) where seq > {seq:d}"  # our own names


def read_run(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, timezone: str
) -> tuple[Run, Sequence[OffsetPeriod]]:
    """The run's parameters, and the zone's offsets over all that the lake holds."""
    first, last, as_of = _span(connection, manifest)
    zone = timezone or _imported_timezone(connection, manifest) or "UTC"
    periods = offset_periods(_zone(zone), _aware(first) or _EPOCH, _aware(last) or _EPOCH)
    return Run(_aware(as_of), manifest.through_seq, zone), periods


def write_run(
    connection: duckdb.DuckDBPyConnection, run: Run, periods: Sequence[OffsetPeriod]
) -> None:
    """Put the run's parameters where SQL reads them."""
    connection.execute("delete from meta.run")
    connection.execute(
        "insert into meta.run values (?, ?, ?)", [_naive(run.as_of), run.through_seq, run.timezone]
    )
    connection.execute("delete from meta.zone_offsets")
    connection.executemany(
        "insert into meta.zone_offsets values (?, ?, ?)",
        [[_naive(each.starts_at), _naive(each.ends_at), each.offset_seconds] for each in periods],
    )


def write_rates(connection: duckdb.DuckDBPyConnection, rates: Sequence[CostRate]) -> None:
    """Put the rates by which costs are computed where SQL reads them."""
    connection.execute("delete from meta.cost_rates")
    connection.executemany("insert into meta.cost_rates values (?, ?, ?, ?, ?)", rates)


def stored_run(connection: duckdb.DuckDBPyConnection) -> Run:
    """The parameters of the newest run."""
    row = first_row(connection, "select as_of, through_seq, timezone from meta.run")
    return Run(_aware(row[0]), int(row[1]), str(row[2])) if row else Run(None, 0, "UTC")


def _select(manifest: Manifest, name: str, files: Sequence[Path]) -> str:
    """All of a table's columns from its files; what files of an older version do not have yet is null."""
    columns, held = payload_tables()[name], _held(manifest, name)
    selected = ", ".join(
        f'"{column}"' if files and column in held else f'cast(null as {kind}) as "{column}"'
        for column, kind in columns.items()
    )
    rows = _parquet(files) if files else "(select 1) where false"
    return f"select {selected} from {rows}"  # our own names


def _held(manifest: Manifest, name: str) -> Mapping[str, str]:
    """The columns that the files of a table have, by the version that wrote them."""
    return manifest.schemas.get(name, {})


def _parquet(files: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(_quoted(file) for file in files)}])"


def _quoted(file: Path) -> str:
    return "'" + str(file.resolve()).replace("'", "''") + "'"


def _span(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> _Span:
    """The first and last moment in the lake, and the last of the shop's life, found by reading what is new since last time."""
    known = first_row(connection, "select * from meta.lake_span") or ("", 0, None, None, None)
    after = known[1] if known[0] == manifest.generation and known[1] <= manifest.through_seq else 0
    before: _Span = known[2:] if after else (None, None, None)
    span = _joined([before, *_spans_after(connection, manifest, after)])
    connection.execute("delete from meta.lake_span")
    connection.execute(
        "insert into meta.lake_span values (?, ?, ?, ?, ?)",
        [manifest.generation, manifest.through_seq, *span],
    )
    return span


def _spans_after(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, after: int
) -> list[_Span]:
    """The same of each table that has events after a position."""
    parts = []
    for table in tables().values():
        files = manifest.files(table.name, after) if table.item_field is None else []
        if files:
            lived = "cast(null as timestamp)" if table.family in _NOT_LIVED else "max(time)"
            parts.append(
                f"select least(min(time), min(recorded_at)), greatest(max(time), max(recorded_at)), {lived} "
                f"from {_parquet(files)}"
            )
    return connection.execute(" union all ".join(parts)).fetchall() if parts else []


def _joined(spans: Sequence[_Span]) -> _Span:
    firsts, lasts, lived = zip(*spans, strict=True)
    return (
        min((each for each in firsts if each), default=None),
        max((each for each in lasts if each), default=None),
        max((each for each in lived if each), default=None),
    )


def _imported_timezone(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> str | None:
    if not (files := manifest.files("import_completed")):
        return None
    newest = f"select timezone from {_parquet(files)} order by seq desc limit 1"
    row = first_row(connection, newest)
    return str(row[0]) if row else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UnknownTimezone(
            f"the newest import names the time zone {name!r}, which is not known here; set RETOUR_TIMEZONE"
        ) from unknown


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _naive(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=None) if moment else None
