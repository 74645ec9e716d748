"""What every batch must satisfy, declared: read off the lake's tables where possible, written down where not.

The payload models have judged each event's text before; these expectations judge the frames that came out
of it, and what no single field can say (a refund's lines sum to its amount). Every one is about an event
alone, so that it does not matter how the log was cut into batches.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import polars as pl

from pipelines.lake.tables import ENVELOPE, Column, tables
from pipelines.quality.results import Frames

Rule = Literal[
    "not_null", "between", "in_set", "matches", "unique", "unique_together", "increasing"
]

EVENTS = "events"  # the envelopes of all events of a batch, whatever their type
MAX_DAYS_AHEAD = 1.0  # a time further ahead of its recording is a wrong date, not a wrong clock


@dataclass(frozen=True, slots=True)
class Expectation:
    """A rule on a column (or on columns together, joined by `, `) and its bounds."""

    table: str
    column: str
    rule: Rule
    at_least: Any = None
    at_most: Any = None
    choices: tuple[str, ...] = ()
    pattern: str = ""

    @property
    def description(self) -> str:
        """The rule in words, as a quarantined event is told it."""
        return f"{self.table}.{self.column} {_WORDS[self.rule](self)}"


_WORDS: dict[Rule, Callable[[Expectation], str]] = {
    "not_null": lambda _: "must not be null",
    "between": lambda each: f"must be {_bounds(each)}",
    "in_set": lambda each: f"must be one of {', '.join(each.choices)}",
    "matches": lambda each: f"must match {each.pattern}",
    "unique": lambda _: "must not occur twice",
    "unique_together": lambda _: "must not occur twice in one event",
    "increasing": lambda _: "must increase from event to event",
}


def _bounds(each: Expectation) -> str:
    if each.at_least == each.at_most:
        return str(each.at_least)
    sides = (("at least", each.at_least), ("at most", each.at_most))
    return " and ".join(f"{word} {value}" for word, value in sides if value is not None)


@dataclass(frozen=True, slots=True)
class Measure:
    """A column that no payload has: computed per event from a batch's frames, then held to its bounds."""

    table: str
    name: str
    compute: Callable[[Frames], pl.DataFrame]  # columns `seq` and the measure's name
    at_least: float | None = None
    at_most: float | None = None

    @property
    def expectation(self) -> Expectation:
        return Expectation(self.table, self.name, "between", self.at_least, self.at_most)


def _days_ahead(frames: Frames) -> pl.DataFrame:
    """How far an event's time lies after its recording. Imports and conclusions carry a history's times."""
    ahead = (pl.col("time") - pl.col("recorded_at")).dt.total_microseconds() / 86_400_000_000
    is_own_time = (pl.col("origin") != "import") & ~pl.col("is_conclusion")
    return frames[EVENTS].select(
        "seq", pl.when(is_own_time).then(ahead).alias("days_ahead_of_recording")
    )


def _refund_gap(frames: Frames) -> pl.DataFrame:
    """A refund's amount less the sum of its lines; nothing to compare where it names no lines."""
    lines = (
        frames["refund_settled_lines"]
        .group_by("seq")
        .agg(pl.col("amount_minor").sum().alias("lines"))
    )
    refunds = frames["refund_settled"].join(lines, on="seq", how="left", maintain_order="left")
    return refunds.select(
        "seq", (pl.col("amount_minor") - pl.col("lines")).alias("minor_not_in_lines")
    )


def _lift_outside(frames: Frames) -> pl.DataFrame:
    """Whether a flag's lift lies outside its own interval."""
    is_inside = pl.col("lift").is_between("lift_low", "lift_high")
    return frames["sku_flagged"].select(
        "seq", (~is_inside).cast(pl.Int64).alias("lift_outside_interval")
    )


def _rows_unaccounted(frames: Frames) -> pl.DataFrame:
    """Rows of an imported file that are neither sold nor returned nor set aside."""
    aside = (
        frames["import_completed_set_aside"]
        .group_by("seq")
        .agg(pl.col("rows").sum().alias("aside"))
    )
    imports = frames["import_completed"].join(aside, on="seq", how="left", maintain_order="left")
    known = pl.col("rows_sold") + pl.col("rows_returned") + pl.col("aside").fill_null(0)
    return imports.select("seq", (pl.col("rows_read") - known).alias("rows_unaccounted"))


MEASURES = (
    Measure(EVENTS, "days_ahead_of_recording", _days_ahead, at_most=MAX_DAYS_AHEAD),
    Measure("refund_settled", "minor_not_in_lines", _refund_gap, 0, 0),
    Measure("sku_flagged", "lift_outside_interval", _lift_outside, 0, 0),
    Measure("import_completed", "rows_unaccounted", _rows_unaccounted, 0, 0),
)


@cache
def suite(table: str) -> tuple[Expectation, ...]:
    """What the rows of a table of the lake, or of `events`, must satisfy."""
    declared = _events_suite() if table == EVENTS else _table_suite(table)
    return (*declared, *(each.expectation for each in MEASURES if each.table == table))


def fingerprint() -> str:
    """Changes whenever an expectation does."""
    declared = [suite(name) for name in (EVENTS, *tables())]
    return hashlib.sha256(repr(declared).encode()).hexdigest()


def _events_suite() -> tuple[Expectation, ...]:
    return (
        Expectation(EVENTS, "seq", "increasing"),
        Expectation(EVENTS, "id", "unique"),
        *(each for column in ENVELOPE for each in _of_column(EVENTS, column)),
    )


def _table_suite(name: str) -> tuple[Expectation, ...]:
    table = tables()[name]
    fields = tuple(each for column in table.fields for each in _of_column(name, column))
    if table.item_field and any(column.name == "line_no" for column in table.fields):
        return (Expectation(name, "seq, line_no", "unique_together"), *fields)
    return fields


def _of_column(table: str, column: Column) -> Iterator[Expectation]:
    if column.is_required:
        yield Expectation(table, column.name, "not_null")
    if column.choices:
        yield Expectation(table, column.name, "in_set", choices=column.choices)
    if column.at_least is not None or column.at_most is not None:
        yield Expectation(table, column.name, "between", column.at_least, column.at_most)
    if column.pattern:
        yield Expectation(table, column.name, "matches", pattern=column.pattern)
