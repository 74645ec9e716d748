"""Which requests teach, which calibrate, which certify and which test.

A model may only be judged by requests that it has not learned from, and labels are few. So the record is cut in time. The
latest labels *test*: they are judged by a model of what was known when the first of them came in. Those before are divided
into blocks, each judged by a model that learned from all the others, the ones after it too, with a gap on either side
("blocked cross-validation": Snijders 1988; Roberts et al. 2017). These judged blocks *certify*: a model of almost all
labels made each judgement, so what is certified is about the model that goes out, which learned from all of them. Had
each block been judged by what came before it alone, half of the evidence would be about models that knew half as much.
That later labels help to judge earlier requests is what the test guards against: nothing is approved that it contradicts.

With many labels nothing needs to be used twice: one later block certifies, the next one tests.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.risk.rules import LEAST_OF_EACH, LEAST_TO_CALIBRATE

Rows: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the labelled requests are divided.

    `blocks`: in how many blocks they certify; each costs a training. `test`: the share of the latest ones that test.
    `calibrate`: of what a model may learn from, the latest share, which does not grow its trees but says
    when to stop and how raw scores become probabilities. `gap_days`: how old a request must be before its label counts;
    younger ones are labelled only if that went fast, and fast is not like the rest. `news_days`: what quick looks found in so many
    days is news, which may contradict what labels certify; with 0 nothing does. `many`: labels from which on the
    first share `first` teaches, and one block after it certifies.
    """

    blocks: int = 5
    test: float = 0.1
    calibrate: float = 0.12
    gap_days: float = 14.0
    news_days: float = 14.0
    many: int = 100_000
    first: float = 0.4


@dataclass(frozen=True, slots=True)
class Lesson:
    """Row numbers that teach, and later ones that stop and calibrate; all labelled. `findings`: rows without a label of
    which is known what a basic inspection found.
    """

    train: Rows
    calibrate: Rows
    findings: Rows


@dataclass(frozen=True, slots=True)
class Block:
    """A lesson, and the rows of the block that is judged by what it teaches; `judged` includes unlabelled rows."""

    lesson: Lesson
    judged: Rows
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
    gap = round(timedelta(days=plan.gap_days) / timedelta(microseconds=1))
    told = _told(frame, "label", "labelled_at", as_of)
    is_abusive = (frame["label"] == 1).fill_null(value=False).to_numpy()
    record = _Record(times, told, _told(frame, "finding", "found_at", as_of), is_abusive, gap)
    now = _micro(as_of)
    ripe = np.flatnonzero((times <= now - gap) & (told <= now))
    last = record.lesson(_ALWAYS, now, plan)
    fresh = np.arange(_after(last.train), len(times))
    return Windows(_blocks(record, ripe, plan), last, fresh)


_ALWAYS = (np.iinfo(np.int64).max, np.iinfo(np.int64).max)  # a block that nothing is left out for
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class _Record:
    """When each request was made, and when its label and its finding were told; microseconds, endless where never. And whether
    it is known to be abusive.
    """

    times: Rows
    told: Rows
    found: Rows
    is_abusive: NDArray[np.bool_]
    gap: int

    def lesson(self, out: tuple[int, int], at: int, plan: Plan) -> Lesson:
        """What was known at a moment of requests old enough then, but for those of a block and within the gap of it.

        The latest part calibrates; where by chance hardly any of it is abusive it begins earlier, at the last abusive labels.
        """
        begin, end = out
        is_free = (self.times < begin - self.gap) | (
            self.times >= min(end, _NEVER - self.gap) + self.gap
        )
        teaches = is_free & (self.times <= at - self.gap)
        labelled = np.flatnonzero(teaches & (self.told <= at))
        findings = np.flatnonzero(teaches & (self.found <= at) & (self.told > at))
        cut = len(labelled) - round(len(labelled) * plan.calibrate)
        abusive = np.flatnonzero(self.is_abusive[labelled])
        if len(abusive) >= LEAST_OF_EACH:
            cut = min(cut, int(abusive[-LEAST_TO_CALIBRATE]))
        return Lesson(labelled[:cut], labelled[cut:], findings)

    def block(self, begin: int, end: int, at: int, plan: Plan, *, is_test: bool = False) -> Block:
        """The requests of a stretch of time, and what may judge them by what was known at a moment."""
        judged = np.flatnonzero((self.times >= begin) & (self.times < end))
        return Block(self.lesson((begin, end), at, plan), judged, is_test)


def _told(frame: pl.DataFrame, what: str, at: str, as_of: datetime) -> Rows:
    known = frame[what].is_not_null() & (frame[at] <= as_of).fill_null(value=False)
    return np.where(known.to_numpy(), _micros(frame[at]), _NEVER)


def _blocks(record: _Record, ripe: Rows, plan: Plan) -> tuple[Block, ...]:
    if len(ripe) == 0:
        return ()
    times = record.times[ripe]

    def at(share: float) -> int:
        return int(times[min(int(len(ripe) * share), len(ripe) - 1)])

    end, test = int(times[-1]) + 1, at(1 - plan.test)
    tests = record.block(test, end, test, plan, is_test=True)
    if len(ripe) >= plan.many:
        return (record.block(at(plan.first), test, at(plan.first), plan), tests)
    cuts = [at((1 - plan.test) * number / plan.blocks) for number in range(plan.blocks)]
    certify = (record.block(*each, test, plan) for each in pairwise([*cuts, test]))
    return (*certify, tests)


def _after(rows: Rows) -> int:
    return int(rows[-1]) + 1 if len(rows) else 0


def _micros(times: pl.Series) -> Rows:
    return times.dt.timestamp("us").fill_null(0).to_numpy().astype(np.int64)


def _micro(moment: datetime) -> int:
    return int(pl.Series([moment]).dt.timestamp("us")[0])
