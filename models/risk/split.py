"""Which requests teach, which calibrate, which certify and which test: always in order of time.

A model may only be judged by requests that came after everything it learned from. So that every label can both teach
the last model and certify, the record is walked through in blocks: a model trained on what was known at a block's
start judges that block ("progressive validation": Blum, Kalai & Langford 1999), the next one has learned from it. The
judged blocks but the last certify, the last one tests; the model that goes out has learned from all of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the labelled requests are divided.

    `first`: the share that only teaches; no block is judged before a model can have learned something. `blocks`: how
    many blocks the rest is judged in; each costs a training. `test`: how many of the last ones are kept from the
    certificate. `calibrate`: of what a model may learn from, the latest share, which does not grow its trees but says
    when to stop and how raw scores become probabilities. `gap_days`: how old a request must be before its label counts;
    younger ones are labelled only if that went fast, and fast is not like the rest.
    """

    first: float = 0.3
    blocks: int = 7
    test: int = 1
    calibrate: float = 0.12
    gap_days: float = 14.0
    many: int = 100_000  # labels from which on one certifying block is enough


@dataclass(frozen=True, slots=True)
class Lesson:
    """Row numbers that grow the trees, and later ones that calibrate them; all labelled."""

    train: Rows
    calibrate: Rows


@dataclass(frozen=True, slots=True)
class Block:
    """A lesson, and the rows of the block that is judged by what it teaches; `judged` includes unlabelled rows."""

    lesson: Lesson
    judged: Rows
    starts_at: datetime
    is_test: bool


@dataclass(frozen=True, slots=True)
class Windows:
    """The blocks in order of time, and the lesson of the model that goes out; `fresh` are rows after its trees'."""

    blocks: tuple[Block, ...]
    last: Lesson
    fresh: Rows


def divide(frame: pl.DataFrame, as_of: datetime, plan: Plan) -> Windows:
    """Divide a training frame that is sorted by `requested_at`; see `Plan`."""
    times = _micros(frame["requested_at"])
    known = frame["label"].is_not_null() & (frame["labelled_at"] <= as_of).fill_null(value=False)
    told = np.where(known.to_numpy(), _micros(frame["labelled_at"]), np.iinfo(np.int64).max)
    now, gap = _micro(as_of), round(timedelta(days=plan.gap_days) / timedelta(microseconds=1))
    ripe = np.flatnonzero((times <= now - gap) & (told <= now))
    last = _lesson(ripe, plan)
    fresh = np.arange(_after(last.train), len(times))
    return Windows(_blocks(times, told, ripe, now, gap, plan), last, fresh)


def _blocks(
    times: Rows, told: Rows, ripe: Rows, now: int, gap: int, plan: Plan
) -> tuple[Block, ...]:
    if len(ripe) == 0:
        return ()
    count = plan.blocks if len(ripe) < plan.many else 1 + plan.test
    cuts = len(ripe) * (plan.first + (1 - plan.first) * np.arange(count + 1) / count)
    at = [int(times[ripe[min(int(cut), len(ripe) - 1)]]) for cut in cuts[:-1]]
    ends = [*at[1:], now - gap + 1]
    found = []
    for number, (start, end) in enumerate(zip(at, ends, strict=True)):
        learnt = np.flatnonzero((times < start - gap) & (told <= start))
        judged = np.flatnonzero((times >= start) & (times < end))
        is_test = number >= count - plan.test
        found.append(Block(_lesson(learnt, plan), judged, _moment(start), is_test))
    return tuple(found)


def _lesson(rows: Rows, plan: Plan) -> Lesson:
    cut = len(rows) - round(len(rows) * plan.calibrate)
    return Lesson(rows[:cut], rows[cut:])


def _after(rows: Rows) -> int:
    return int(rows[-1]) + 1 if len(rows) else 0


def _micros(times: pl.Series) -> Rows:
    return times.dt.timestamp("us").fill_null(0).to_numpy().astype(np.int64)


def _micro(moment: datetime) -> int:
    return int(pl.Series([moment]).dt.timestamp("us")[0])


def _moment(micros: int) -> datetime:
    moment = pl.from_epoch(pl.Series([micros]), time_unit="us").dt.replace_time_zone("UTC")[0]
    if not isinstance(moment, datetime):
        raise TypeError(f"no moment: {moment!r}")
    return moment
