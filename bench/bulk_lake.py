"""A practice shop's lake of any size, and the same lake some events earlier: what a refresh has to catch up with."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.lake.manifest import Manifest, Segment
from pipelines.lake.segments import write_segment
from pipelines.lake.tables import payload_tables, tables
from retour.bulk import write_bulk
from retour.settings import Settings
from simulator.scenario import Scenario

_SEED = 7


@dataclass(frozen=True, slots=True)
class BulkLake:
    """An installation whose lake can be set to hold all events, or all but the newest few."""

    settings: Settings
    earlier: Manifest
    whole: Manifest


def bulk_lake(folder: Path, events: int, newest: int) -> BulkLake:
    """Write about so many events straight into a lake; `earlier` ends so many events before `whole` does."""
    settings = Settings(var_dir=folder / "var", warehouse=folder / "warehouse.duckdb")
    with redirect_stdout(io.StringIO()):
        write_bulk(settings, Scenario(), seed=_SEED, events=events)
    written = Manifest.load(settings.lake_dir)
    cut = written.through_seq - newest
    pieces = [_cut(settings.lake_dir, segment, cut) for segment in written.segments]
    before = tuple(piece for early, _ in pieces for piece in early)
    after = tuple(piece for early, late in pieces for piece in (*early, *late))
    earlier = written.model_copy(
        update={"segments": before, "through_seq": cut, "through_id": f"event {cut}"}
    )
    return BulkLake(settings, earlier, written.model_copy(update={"segments": after}))


def scan_and_group(manifest: Manifest) -> None:
    """The baseline: one scan of every event of a return, grouped by return."""
    names = [
        table.name
        for table in tables().values()
        if table.item_field is None and "rma" in payload_tables()[table.name]
    ]
    parts = [
        f"select rma, seq, time from read_parquet({_quoted(files)})"
        for name in names
        if (files := manifest.files(name))
    ]
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(
            f"""create table returns as
                select rma, count(*) as events, min(time) as first, max(time) as last, arg_max(time, seq) as newest
                from ({" union all ".join(parts)}) group by rma"""
        )


def _cut(lake_dir: Path, segment: Segment, cut: int) -> tuple[Sequence[Segment], Sequence[Segment]]:
    """What of a segment came up to an event, and what came after it."""
    if segment.last_seq <= cut:
        return (segment,), ()
    rows = pl.read_parquet(lake_dir / segment.path)
    return (
        _written(lake_dir, segment, rows.filter(pl.col("seq") <= cut), segment.first_seq, cut),
        _written(lake_dir, segment, rows.filter(pl.col("seq") > cut), cut + 1, segment.last_seq),
    )


def _written(
    lake_dir: Path, segment: Segment, rows: pl.DataFrame, first: int, last: int
) -> Sequence[Segment]:
    if rows.is_empty():
        return ()
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    table = tables()[segment.table]
    return (write_segment(lake_dir, table, buffer.getvalue(), rows.height, first, last),)


def _quoted(files: Sequence[Path]) -> str:
    return "[" + ", ".join(f"'{file}'" for file in files) + "]"
