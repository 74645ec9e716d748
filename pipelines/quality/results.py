"""What a check of a batch found, in plain words and numbers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

SAMPLE = 20  # failing rows that a report shows

Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """One expectation on one table: how many rows it judged, how many failed, and the first events they are of."""

    table: str
    column: str
    expectation: str
    description: str
    rows: int
    failing_rows: int = 0
    failing_seqs: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        return self.failing_rows == 0

    def merged(self, later: "ExpectationResult") -> "ExpectationResult":
        """Of this batch and a later one together."""
        return replace(
            self,
            rows=self.rows + later.rows,
            failing_rows=self.failing_rows + later.failing_rows,
            failing_seqs=(self.failing_seqs + later.failing_seqs)[:SAMPLE],
        )


@dataclass(frozen=True, slots=True)
class BatchQuality:
    """The report on a batch, and the events to set aside with what they failed (by `seq`)."""

    results: tuple[ExpectationResult, ...] = ()
    failures: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


CheckBatch = Callable[[Frames], BatchQuality]


def merge_results(
    earlier: Iterable[ExpectationResult], later: Iterable[ExpectationResult]
) -> tuple[ExpectationResult, ...]:
    """One result per expectation over several batches, in order of first appearance."""
    merged: dict[tuple[str, str, str], ExpectationResult] = {}
    for result in (*earlier, *later):
        key = (result.table, result.column, result.expectation)
        merged[key] = merged[key].merged(result) if key in merged else result
    return tuple(merged.values())
