"""Nowcasts of a played shop: what was said of cohorts two weeks after the end of theirs, and what became of them."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from bench.products.shops import OPENED, Shop
from models.products.changes import gamma_shape
from models.products.detector import Detector
from models.products.expected import Cohorts, Expected, cohorts, expectation
from models.products.nowcast import Rest, nowcast, rest, spread_of
from models.products.record import Floats, Grid, counted, to_grid

DAY = 14
LEAST = 0.1  # returns that must be expected to be still to come of a cohort for it to be judged
_AGE = DAY // 7  # full weeks after that of the sale
_FIRST, _STEP, _OLD = 12, 4, 8
_CATEGORY_SHAPE = (
    50.0  # how many incidents a category's week must have to count as much as its usual level
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Cohorts (S, W) of products or categories: incidents by now and within `_AGE` weeks, and those to be expected of both."""

    found: Floats
    early: Floats
    due: Floats
    early_due: Floats
    whole: Floats


def nowcasts(shop: Shop, detector: Detector) -> pl.DataFrame:
    """`of` (SKU or category), `week` of the sale, `expected`, `low` and `high` of the final count, `to_come` (expected), and
    `final`, what came in the end."""
    weeks = range(_FIRST, shop.weeks - _AGE, _STEP)
    return pl.concat([_at(shop, week, detector) for week in weeks])


def _at(shop: Shop, week: int, detector: Detector) -> pl.DataFrame:
    grid = to_grid(shop.until(week + _AGE))
    sold = cohorts(grid, detector.longest_lag_weeks)
    expected = expectation(grid, sold, np.ones(grid.shape[0]))
    counts = _counts(grid, sold, expected)
    # A category's week must not be foretold by a level that its own rest has taught.
    plain = _counts(grid, sold, replace(expected, levels=np.ones(grid.shape)))
    by_category = Counts(*(_by_category(getattr(plain, name), grid) for name in Counts.__slots__))
    final = _final(shop, grid, week)
    shape = gamma_shape(
        counts.found.sum(axis=1), counts.due.sum(axis=1), np.ones(len(counts.found))
    )
    parts = (
        ("SKU", counts, _of_product(counts, week, shape), final),
        ("category", by_category, _of_week(by_category, week), _by_category(final, grid)),
    )
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "of": [name] * len(came),
                    "week": [week] * len(came),
                    **_said(each, week, rests, detector),
                    "final": came,
                }
            )
            for name, each, rests, came in parts
        ]
    )


def _said(counts: Counts, week: int, rests: Rest, detector: Detector) -> dict[str, Floats]:
    said = nowcast(counts.found[:, week], rests, detector.interval)
    return {"expected": said.final, "to_come": rests.mean, "low": said.low, "high": said.high}


def _of_product(counts: Counts, week: int, shape: float) -> Rest:
    """A product's level is narrowed by all of its cohorts; an old cohort's own rest is left out where it is foretold."""
    found, due = counts.found.sum(axis=1), counts.due.sum(axis=1)
    old = slice(0, max(week - _OLD, 0))
    came, ahead = (counts.found - counts.early)[:, old], (counts.due - counts.early_due)[:, old]
    past = rest(
        (found[:, None] - came).ravel(),
        (due[:, None] - ahead).ravel(),
        ahead.ravel(),
        shape,
        np.inf,
    )
    seen = ahead.ravel() > 0
    spread = spread_of(came.ravel()[seen], Rest(past.mean[seen], past.size[seen]))
    return rest(found, due, (counts.whole - counts.due)[:, week], shape, spread)


def _of_week(counts: Counts, week: int) -> Rest:
    """A category's week has a level of its own, which what has come of it narrows."""
    old = slice(0, max(week - _OLD, 0))
    early, ahead = counts.early[:, old].ravel(), counts.early_due[:, old].ravel()
    came, to_come = (counts.found - counts.early)[:, old], (counts.due - counts.early_due)[:, old]
    spread = spread_of(came.ravel(), rest(early, ahead, to_come.ravel(), _CATEGORY_SHAPE, np.inf))
    return rest(
        counts.found[:, week],
        counts.due[:, week],
        (counts.whole - counts.due)[:, week],
        _CATEGORY_SHAPE,
        spread,
    )


def _counts(grid: Grid, sold: Cohorts, expected: Expected) -> Counts:
    whole = grid.order_lines * expected.a_line()
    is_early = grid.incidents.week - grid.incidents.sold_week <= _AGE
    matched = is_early & (grid.incidents.sold_week >= 0)
    early = counted(grid.shape, grid.incidents.sku[matched], grid.incidents.sold_week[matched])
    of_early = sold.shares[:, : _AGE + 1].sum(axis=1)[grid.peers]
    due = expected.of("all")
    return Counts(sold.came("all"), early, due, np.minimum(due, whole * of_early[:, None]), whole)


def _final(shop: Shop, grid: Grid, week: int) -> Floats:
    sold = (pl.col("sold_week_start") - OPENED).dt.total_days() // 7 == week
    counts = shop.incidents.filter(sold).group_by("sku").len("final")
    found = pl.DataFrame({"sku": grid.skus}).join(
        counts, on="sku", how="left", maintain_order="left"
    )
    final: Floats = found["final"].fill_null(0).cast(pl.Float64).to_numpy()
    return final


def _by_category(values: Floats, grid: Grid) -> Floats:
    sums = np.zeros((int(grid.peers.max()) + 1, *values.shape[1:]))
    np.add.at(sums, grid.peers, values)
    return sums


def coverage(said: pl.DataFrame, of: str, least: float = LEAST) -> tuple[float, int]:
    """The share of cohorts whose final count lies in the interval, and how many were judged: those of which
    `least` returns or more were expected to be still to come.
    """
    judged = said.filter(pl.col("of") == of, pl.col("to_come") >= least)
    inside = judged["final"].is_between(judged["low"], judged["high"])
    return float(inside.to_numpy().mean()) if len(judged) else float("nan"), len(judged)
