"""Parquet segments: written once, never changed, joined with their successor while they are small.

A shop that refreshes every quarter of an hour would have thirty thousand files per table after a year. So a
small last segment is written anew together with the rows that follow it; the old file stays until the next
run starts, for readers that opened the manifest before.
"""

import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.lake.manifest import (
    LakeDamaged,
    LakeUnwritable,
    Manifest,
    Segment,
    check_hash,
    write_durably,
)
from pipelines.lake.tables import Table

SMALL_ROWS = 50_000

_SEGMENT = re.compile(r"[a-z0-9_]+/[a-z0-9_.]+(/[a-z0-9_]+)?/\d{12,}-\d{12,}\.parquet(\.draft)?")
_QUARANTINE = re.compile(r"\d{12,}-\d{12,}\.jsonl(\.draft)?")


def append_rows(
    manifest: Manifest, table: Table, rows: pl.DataFrame, first_seq: int, last_seq: int
) -> tuple[Segment, ...]:
    """The manifest's segments with a batch's rows of one table added to them."""
    last = next((each for each in reversed(manifest.segments) if each.table == table.name), None)
    if last is None or last.rows >= SMALL_ROWS:
        return (*manifest.segments, _write(manifest.lake_dir, table, rows, first_seq, last_seq))
    joined = pl.concat([_read(manifest.lake_dir, last), rows])
    written = _write(manifest.lake_dir, table, joined, last.first_seq, last_seq)
    return (*(each for each in manifest.segments if each is not last), written)


def sweep(manifest: Manifest, quarantine_dir: Path) -> None:
    """Remove what a killed run left behind. Only names that the lake itself gives are touched."""
    listed = {each.path for each in manifest.segments}
    _remove_unlisted(manifest.lake_dir, _SEGMENT, listed)
    _remove_unlisted(manifest.lake_dir, re.compile(r"manifest\.json\.draft"), set())
    _remove_unlisted(quarantine_dir, _QUARANTINE, {each.path for each in manifest.quarantine})


def _write(
    lake_dir: Path, table: Table, rows: pl.DataFrame, first_seq: int, last_seq: int
) -> Segment:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return write_segment(lake_dir, table, buffer.getvalue(), rows.height, first_seq, last_seq)


def write_segment(
    lake_dir: Path,
    table: Table,
    content: bytes | memoryview,
    rows: int,
    first_seq: int,
    last_seq: int,
) -> Segment:
    """Write a segment's Parquet, durably; a manifest must name it yet. Raises `LakeUnwritable`."""
    path = f"{table.folder}/{first_seq:012}-{last_seq:012}.parquet"
    write_durably(lake_dir / path, content)
    return Segment(
        table=table.name,
        path=path,
        first_seq=first_seq,
        last_seq=last_seq,
        rows=rows,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _read(lake_dir: Path, segment: Segment) -> pl.DataFrame:
    """A segment that is written anew gets a new hash: what it held must be what was written."""
    path = lake_dir / segment.path
    check_hash(lake_dir, path, segment)
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as broken:
        raise LakeDamaged(lake_dir, f"{path} cannot be read ({broken})") from broken


def _remove_unlisted(folder: Path, ours: re.Pattern[str], listed: Iterable[str]) -> None:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if ours.fullmatch(name) and name not in listed:
            try:
                path.unlink()
            except OSError as refused:
                raise LakeUnwritable(refused, path) from refused
