"""Faults planted into the real shop's sales: as sparse as a shop is, with a truth to judge by.

Each week's sales of the real shop come back by chance at an ordinary rate, three products of a hundred more often from some
week on. The shop gives no reasons, so there are none.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from bench.products.real import until
from bench.products.scoring import LARGE, RAISED, Summary, by_decisions, summary
from bench.products.truth import Truth
from models.products.detector import Detector
from models.products.evidence import weigh
from models.products.lags import category_shares
from models.products.record import Floats, Grid, Record, to_grid

_FAULTY, _ONSET, _MULTIPLIERS, _SHAPE = 0.03, (0.25, 0.7), (1.6, 3.5), 12.0
_FIRST, _EVERY = 8, 2
SIZES = ((3, 5), (5, 10), (10, LARGE), (LARGE, float("inf")))


@dataclass(frozen=True, slots=True)
class Planted:
    """`recall`: by excess returns from … up to …, how many products there were and how many were found."""

    rate: float
    draws: int
    flags: Summary
    recall: dict[tuple[float, float], tuple[int, int]]


def planted(record: Record, rate: float, seeds: range, detector: Detector) -> Planted:
    """Draw returns at an ordinary rate several times, and flag every second week."""
    runs = [_run(record, rate, seed, detector) for seed in seeds]
    return Planted(rate, len(seeds), summary(runs), {each: _found(runs, *each) for each in SIZES})


def _found(runs: list[tuple[pl.DataFrame, Truth]], least: float, most: float) -> tuple[int, int]:
    there, found = 0, 0
    for raised, truth in runs:
        mine = truth.products.filter(pl.col("excess").is_between(least, most, closed="left"))
        flagged = raised.join(mine, on="sku").filter((pl.col("week") + 1) * 7 > pl.col("from_day"))
        there, found = there + len(mine), found + flagged["sku"].n_unique()
    return there, found


def _run(record: Record, rate: float, seed: int, detector: Detector) -> tuple[pl.DataFrame, Truth]:
    made, truth = made_record(record, rate, seed)
    weeks = range(_FIRST, _weeks(made), _EVERY)
    first = made.this_week - timedelta(weeks=_weeks(made) - 1)
    kept = [
        weigh(until(made, first + timedelta(weeks=week)), detector)
        .evidence.select(
            "sku", "ended", "incidents", "excess_units", "likely_cause", score="probability"
        )
        .with_columns(week=pl.lit(week, pl.Int64))
        for week in weeks
    ]
    raised = by_decisions(pl.concat(kept), detector) if kept else RAISED.to_frame()
    return raised, truth


def made_record(record: Record, rate: float, seed: int) -> tuple[Record, Truth]:
    """The record with returns by chance instead of its own, and what was planted."""
    rng, grid = np.random.default_rng(seed), to_grid(record)
    products, weeks = grid.shape
    sold = (grid.order_lines > 0).any(axis=1)
    faulty = rng.permutation(np.flatnonzero(sold))[: round(_FAULTY * sold.sum())]
    onset = np.full(products, weeks)
    start = (grid.order_lines[faulty] > 0).argmax(axis=1)
    onset[faulty] = start + ((weeks - start) * rng.uniform(*_ONSET, len(faulty))).astype(np.int64)
    multiplier = np.ones(products)
    multiplier[faulty] = rng.uniform(*_MULTIPLIERS, len(faulty))
    is_after = np.arange(weeks) >= onset[:, None]
    chance = rate * rng.gamma(_SHAPE, 1 / _SHAPE, products)[:, None]
    chance = np.minimum(np.where(is_after, chance * multiplier[:, None], chance), 0.95)
    came = rng.binomial(grid.order_lines.astype(np.int64), chance)
    sku, week = (np.repeat(each, came[came > 0]) for each in came.nonzero())
    shares = category_shares(grid, Detector().longest_lag_weeks)[-1]
    back = week + rng.choice(len(shares), len(sku), p=shares / shares.sum())
    seen = back < weeks
    incidents = _incidents(grid, sku[seen], week[seen], back[seen])
    excess = np.where(is_after[sku, week], 1 - 1 / multiplier[sku], 0.0)[seen]
    return (
        Record(record.sales, incidents, record.products, record.this_week, 1.0),
        _truth(grid, faulty, onset, multiplier, (sku[seen], back[seen], excess)),
    )


def _incidents(grid: Grid, sku: np.ndarray, sold: np.ndarray, back: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sku": grid.skus.gather(sku),
            "week_start": grid.weeks.gather(back),
            "sold_week_start": grid.weeks.gather(sold),
            "units": np.ones(len(sku), dtype=np.int64),
            "reason": pl.Series([None] * len(sku), dtype=pl.String),
        }
    )


def _truth(
    grid: Grid,
    faulty: np.ndarray,
    onset: np.ndarray,
    multiplier: Floats,
    came: tuple[np.ndarray, np.ndarray, Floats],
) -> Truth:
    shape = grid.shape
    excess = np.zeros(shape)
    np.add.at(excess, came[:2], came[2])
    is_after = np.arange(shape[1]) >= onset[faulty][:, None]
    place, week = is_after.nonzero()
    of = faulty[place]
    harm = pl.DataFrame(
        {
            "sku": grid.skus.gather(of),
            "week": week,
            "excess": np.cumsum(excess, axis=1)[of, week],
            "lines": np.cumsum(grid.order_lines[faulty] * is_after, axis=1)[place, week],
        }
    )
    products = pl.DataFrame(
        {
            "sku": grid.skus.gather(faulty),
            "from_day": onset[faulty] * 7,
            "end_day": [shape[1] * 7] * len(faulty),
            "multiplier": multiplier[faulty],
            "reason": pl.Series([None] * len(faulty), dtype=pl.String),
            "excess": excess[faulty].sum(axis=1),
        }
    )
    return Truth(products.sort("sku"), harm.sort("sku", "week"), [])


def _weeks(record: Record) -> int:
    return to_grid(record).shape[1]
