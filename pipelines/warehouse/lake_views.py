"""The lake as the warehouse sees it: a view for each table over the files that the manifest lists, and the run's parameters.

`as_of`, the moment for which everything is computed, is the time of the newest event that the shop's life brought.
Conclusions do not count: they are drawn as of that moment, and would otherwise move it.
"""

import hashlib
from collections.abc import Mapping, Sequence
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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def create_views(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Make `lake.<table>` for every table, those without a file included."""
    for name, columns in payload_tables().items():
        connection.execute(
            f"create or replace view lake.{name} as {_select(columns, manifest.files(name))}"
        )


def read_run(
    connection: duckdb.DuckDBPyConnection, through_seq: int, timezone: str
) -> tuple[Run, Sequence[OffsetPeriod]]:
    """The run's parameters, and the zone's offsets over all that the lake holds."""
    own = [table for table in tables().values() if table.item_field is None]
    lived = [table.name for table in own if table.family != "conclusion"]
    _, as_of = _span(connection, lived, ("time",))
    first, last = _span(connection, [table.name for table in own], ("time", "recorded_at"))
    zone = timezone or _imported_timezone(connection) or "UTC"
    periods = offset_periods(_zone(zone), _aware(first) or _EPOCH, _aware(last) or _EPOCH)
    return Run(_aware(as_of), through_seq, zone), periods


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


def _select(columns: Mapping[str, str], files: Sequence[Path]) -> str:
    if not files:
        nothing = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items())
        return f"select {nothing} where false"
    names = ", ".join(f'"{name}"' for name in columns)
    paths = ", ".join(_quoted(file) for file in files)
    return f"select {names} from read_parquet([{paths}])"  # our own names, quoted paths


def _quoted(file: Path) -> str:
    return "'" + str(file.resolve()).replace("'", "''") + "'"


def _span(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], columns: Sequence[str]
) -> tuple[datetime | None, datetime | None]:
    parts = " union all ".join(
        f"select min({column}) as low, max({column}) as high from lake.{name}"  # our own names
        for name in names
        for column in columns
    )
    row = first_row(connection, f"select min(low), max(high) from ({parts})")  # our own names
    return (row[0], row[1]) if row else (None, None)


def _imported_timezone(connection: duckdb.DuckDBPyConnection) -> str | None:
    row = first_row(
        connection, "select timezone from lake.import_completed order by seq desc limit 1"
    )
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
