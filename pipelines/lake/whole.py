"""A lake written whole, past the log: segments as their rows come, the manifest when all are there.

For histories that no log holds, such as a simulated one of millions of events. Frames must be as `drain` would have made
them, but for words of closed lists, which may come as enums: they cost a quarter of what texts cost. Killed before the end
it leaves files that nothing names, which the next run sweeps up.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.ingest import definitions
from pipelines.lake.manifest import Manifest, Segment, new_generation
from pipelines.lake.segments import SMALL_ROWS, write_segment
from pipelines.lake.tables import Kind, Table, tables

SEGMENT_ROWS = 250_000
_HELD_ROWS = 2_500_000  # of all tables together: what is rare waits long for a segment of its own
_UNDER_WAY = 4  # segments that wait to be written
_RISING = ("seq", "time", "recorded_at")
_ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    "text": pa.string_view(),
    "integer": pa.int64(),
    "small_integer": pa.int32(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "moment": pa.timestamp("us"),
}


@dataclass(slots=True)
class _Held:
    """Rows of one table that are in no segment yet, and the first event that they may be of."""

    first_seq: int = 1
    rows: int = 0
    frames: list[pl.DataFrame] = field(default_factory=list)


class WholeLake:
    """Takes frames in the log's order. Leave the block without `commit`, and there is no lake."""

    def __init__(self, lake_dir: Path, *, segment_rows: int = SEGMENT_ROWS) -> None:
        self._lake_dir, self._segment_rows = lake_dir, segment_rows
        self._held: dict[str, _Held] = defaultdict(_Held)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="lake")
        self._under_way: deque[Future[Segment]] = deque()
        self._segments: list[Segment] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.shutdown(cancel_futures=True)

    def add(self, frames: Mapping[str, pl.DataFrame], through_seq: int) -> None:
        """The rows of the next events, up to `through_seq`, by table. Raises `LakeUnwritable`."""
        for name, frame in frames.items():
            self._held[name].frames.append(frame)
            self._held[name].rows += frame.height
        is_much = sum(each.rows for each in self._held.values()) > _HELD_ROWS
        enough = min(SMALL_ROWS, self._segment_rows) if is_much else self._segment_rows
        for name, held in list(self._held.items()):
            if held.rows >= enough:
                self._write(name, through_seq)

    def commit(self, through_seq: int, through_id: str) -> Manifest:
        """Make all of it the lake, which ends with this event. Raises `LakeUnwritable`."""
        for name in list(self._held):
            self._write(name, through_seq)
        self._wait_for_all_but(0)
        manifest = Manifest(
            lake_dir=self._lake_dir,
            definitions=definitions(),
            generation=new_generation(),
            through_seq=through_seq,
            through_id=through_id,
            segments=tuple(sorted(self._segments, key=lambda each: (each.table, each.first_seq))),
        )
        manifest.commit()
        return manifest

    def _write(self, name: str, through_seq: int) -> None:
        held = self._held[name]
        if held.rows:
            whole = tables()[name], held.frames, held.first_seq, through_seq
            self._under_way.append(self._writer.submit(self._segment, *whole))
            self._held[name] = _Held(first_seq=through_seq + 1)
            self._wait_for_all_but(_UNDER_WAY)

    def _wait_for_all_but(self, most: int) -> None:
        """Wait until no more segments than these are under way; what went wrong with one is raised here."""
        while len(self._under_way) > most:
            self._segments.append(self._under_way.popleft().result())

    def _segment(
        self, table: Table, frames: list[pl.DataFrame], first_seq: int, last_seq: int
    ) -> Segment:
        rows = pa.concat_tables([_in_arrow(table, frame) for frame in frames])
        content = _parquet(rows)
        return write_segment(self._lake_dir, table, content, rows.num_rows, first_seq, last_seq)


def _in_arrow(table: Table, frame: pl.DataFrame) -> pa.Table:
    return pa.table(
        {
            column.name: _column(frame[column.name], _ARROW_TYPES[column.kind])
            for column in table.columns
        }
    )


def _column(column: pl.Series, kind: pa.DataType) -> pa.Array:
    """A column as it is written; one without any value may come without a type."""
    if column.dtype == pl.Null:
        return pa.nulls(len(column), kind)
    if column.dtype == pl.String:
        return column.to_arrow(compat_level=pl.CompatLevel.newest())  # without copying the texts
    return column.to_arrow()


def _parquet(rows: pa.Table) -> memoryview:
    """Uncompressed, rising numbers as differences, statistics of the log's order alone: the fastest to write, and to read."""
    words = [each.name for each in rows.schema if pa.types.is_dictionary(each.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        compression="none",
        use_dictionary=words,
        column_encoding=dict.fromkeys(_RISING, "DELTA_BINARY_PACKED"),
        write_statistics=["seq", "time"],
        store_schema=False,  # else readers would take words of closed lists for a type of their own
    )
    return memoryview(sink.getvalue())
