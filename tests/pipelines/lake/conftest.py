"""A lake in an empty folder, and a log with something wrong in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.lake.ingest import IngestReport, drain
from pipelines.lake.manifest import Manifest
from pipelines.lake.quarantine import Quarantined, read_quarantine
from pipelines.lake.tables import tables
from pipelines.quality.results import BatchQuality, CheckBatch, Frames
from service.domain.events import RecordedEvent


def everything_passes(_: Frames) -> BatchQuality:
    return BatchQuality()


@dataclass(frozen=True)
class LakeUnderTest:
    """A lake, its quarantine, and what is in them."""

    lake_dir: Path
    quarantine_dir: Path

    def drain(
        self,
        log: Sequence[RecordedEvent],
        *,
        batch_size: int = 1000,
        check_batch: CheckBatch = everything_passes,
        progress: Callable[[int], None] = lambda _: None,
    ) -> IngestReport:
        def read_log(after: int, limit: int) -> Sequence[RecordedEvent]:
            return [event for event in log if event.seq > after][:limit]

        return drain(
            read_log,
            self.lake_dir,
            self.quarantine_dir,
            check_batch=check_batch,
            progress=progress,
            batch_size=batch_size,
        )

    @property
    def manifest(self) -> Manifest:
        return Manifest.load(self.lake_dir)

    @property
    def manifest_path(self) -> Path:
        return self.lake_dir / "manifest.json"

    @property
    def quarantined(self) -> list[Quarantined]:
        return read_quarantine(self.manifest, self.quarantine_dir)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every table's rows, in the order of the log."""
        manifest = self.manifest
        return {
            name: [row for file in manifest.files(name) for row in pl.read_parquet(file).to_dicts()]
            for name in tables()
        }

    def content(self) -> tuple[dict[str, list[dict[str, Any]]], list[Quarantined], int]:
        """All that must not depend on how the log was cut into batches."""
        return self.rows(), self.quarantined, self.manifest.through_seq

    def files(self) -> set[str]:
        """Every file that is there, listed or not."""
        return {
            path.relative_to(folder).as_posix()
            for folder in (self.lake_dir, self.quarantine_dir)
            for path in folder.rglob("*")
            if path.is_file()
        }

    def listed(self) -> set[str]:
        """Every file that ought to be there."""
        manifest = self.manifest
        files = (*manifest.segments, *manifest.quarantine)
        return {"manifest.json", *(each.path for each in files)}


@pytest.fixture
def lake(tmp_path: Path) -> LakeUnderTest:
    return LakeUnderTest(tmp_path / "lake", tmp_path / "quarantine")


@pytest.fixture
def lake_in() -> Callable[[Path], LakeUnderTest]:
    """A further lake in a folder of the test's choice."""
    return lambda folder: LakeUnderTest(folder / "lake", folder / "quarantine")


@pytest.fixture(scope="session")
def mixed_log(short_log: list[RecordedEvent]) -> list[RecordedEvent]:
    """A short log with a bad event of another kind at every tenth place and a hole."""
    bad = {
        5: {"type": "return.teleported"},
        15: {"schema_version": 9},
        25: {"data": "{"},
        35: {"time_us": "noon"},
    }
    return [
        replace(event, **bad.get(event.seq, {})) for event in short_log if event.seq not in (20, 21)
    ]
