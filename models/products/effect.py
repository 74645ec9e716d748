"""Whether an action on a flagged product worked: what came back of the goods sold after it, against what was expected.

Goods that were sold before the action come back for weeks and would hide its effect. So the returns of goods sold from
the first Monday after it are counted, up to the next action on the product, and the product's expected returns of each
week are split into those of earlier and of later sales, by how long goods take to come back. They are what its peers
lead one to expect, times the own level that the lift before the action was measured against, so that both lifts have
one yardstick. Where fewer than half of
the shop's returns name their order, all returns of those weeks are compared, those of earlier sales included.

The interval is the exact one of a Poisson count (Garwood, Biometrika 28, 1936), on a count that is smaller by how
unevenly units come back together (the variance of a compound Poisson sum).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import gammaincinv

Floats = NDArray[np.float64]

LEVEL = 0.9
LONGEST_WEEKS = 26  # what comes back later than that is not told from goods of earlier sales
_ENOUGH_MATCHED = 0.5
_EXCESS_LEFT = 0.5  # an action worked where at most this share of the excess is left
EFFECTS = pl.Schema(
    {
        "action_id": pl.String(),
        "compared": pl.String(),
        "weeks_after": pl.Int64(),
        "returns_after": pl.Int64(),
        "expected_after": pl.Float64(),
        "lift_after": pl.Float64(),
        "lift_after_low": pl.Float64(),
        "lift_after_high": pl.Float64(),
        "verdict": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class Course:
    """What the warehouse knows of products on which somebody acted; weeks are dates of Mondays.

    `actions`: `action_id, sku, lift_before, own_level, first_week, end_week` (null: none), a row each; `own_level` is
    the multiple of `units_expected` against which `lift_before` was measured.
    `sales`: `sku, week_start, units_sold`; `expected`: `sku, week_start, units_expected`; a row per product and week.
    `incidents`: `sku, week_start, sold_week_start` (null if unmatched), `units`; a row each.
    `lags`: of the whole shop `week_start, sold_week_start` (null if unmatched), `incidents`; a row per pair of weeks.
    """

    actions: pl.DataFrame
    sales: pl.DataFrame
    expected: pl.DataFrame
    incidents: pl.DataFrame
    lags: pl.DataFrame
    this_week: date


def measure(course: Course) -> pl.DataFrame:
    """The effect of each action, a row of `EFFECTS` each."""
    matched = _matched_share(course.lags)
    shares = lag_shares(course.lags, course.this_week)
    rows = [
        _effect(action, course, shares, matched) for action in course.actions.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=EFFECTS, orient="row")


def lag_shares(lags: pl.DataFrame, this_week: date) -> Floats:
    """The share of returns that come 0, 1, … `LONGEST_WEEKS` weeks after their sale: sums to 1, or all 0 if none is known.

    Recent sales have shown their early returns only, so each lag is judged among sales old enough to show it, by the
    reverse-time hazard (Lagakos, Barraj & De Gruttola, Biometrika 75, 1988).
    """
    known = lags.drop_nulls("sold_week_start").select(
        ((pl.col("week_start") - pl.col("sold_week_start")).dt.total_days() // 7).alias("lag"),
        ((pl.lit(this_week) - pl.col("sold_week_start")).dt.total_days() // 7).alias("age"),
        pl.col("incidents").cast(pl.Float64),
    )
    lag, age, count = (known[name].to_numpy() for name in ("lag", "age", "incidents"))
    up_to = np.ones(LONGEST_WEEKS + 1)
    for each in range(LONGEST_WEEKS, 0, -1):
        at = count[(lag == each) & (age >= each)].sum()
        at_risk = count[(lag >= 0) & (lag <= each) & (age >= each)].sum()
        up_to[each - 1] = up_to[each] * (1 - at / at_risk if at_risk else 1.0)
    shares: Floats = np.diff(up_to, prepend=0.0)
    return shares if count.sum() else np.zeros_like(shares)


def interval(count: float, expected: float, unevenness: float = 1.0) -> tuple[float, float]:
    """Count ÷ expected lies between these with probability `LEVEL`; `expected` > 0.

    `unevenness` is how many times as much a sum of units varies as a count of single ones.
    """
    tail = (1 - LEVEL) / 2
    events, ahead = count / unevenness, expected / unevenness
    low = gammaincinv(events, tail) / ahead if events > 0 else 0.0
    return float(low), float(gammaincinv(events + 1, 1 - tail) / ahead)


def verdict(lift_before: float, low: float | None, high: float | None) -> str:
    """`worked`: surely at least half of the excess has gone; `did_not`: surely less than half; else `too_early`."""
    most = 1 + (lift_before - 1) * _EXCESS_LEFT
    if high is not None and high < most:
        return "worked"
    if low is not None and low > most:
        return "did_not"
    return "too_early"


def _effect(
    action: dict[str, object], course: Course, shares: Floats, matched: float
) -> dict[str, object]:
    first, end = action["first_week"], action["end_week"]
    if not isinstance(first, date):
        raise TypeError(f"action {action['action_id']}: first_week is {first!r}, no date")
    until = end if isinstance(end, date) else date.max
    sku = pl.col("sku") == action["sku"]
    incidents, sales, expected = (
        frame.filter(sku) for frame in (course.incidents, course.sales, course.expected)
    )
    by_sale = matched >= _ENOUGH_MATCHED
    week = "sold_week_start" if by_sale else "week_start"
    count = int(
        incidents.filter(pl.col(week).is_between(first, until, closed="left"))["units"].sum()
    )
    if by_sale:
        ahead = matched * sum(_later_sales(expected, sales, shares, first, until))
    else:
        later = expected.filter(pl.col("week_start").is_between(first, until, closed="left"))
        ahead = float(later["units_expected"].sum())
    ahead *= float(str(action["own_level"]))
    low, high = interval(count, ahead, _unevenness(incidents)) if ahead > 0 else (None, None)
    return {
        "action_id": action["action_id"],
        "compared": "sold_after" if by_sale else "returned_after",
        "weeks_after": max(0, (course.this_week - first).days // 7),
        "returns_after": count,
        "expected_after": ahead,
        "lift_after": count / ahead if ahead > 0 else None,
        "lift_after_low": low,
        "lift_after_high": high,
        "verdict": verdict(float(str(action["lift_before"])), low, high),
    }


def _later_sales(
    expected: pl.DataFrame, sales: pl.DataFrame, shares: Floats, first: date, until: date
) -> Iterator[float]:
    """Of the units to be expected in each week, those of goods sold from `first` on and before `until`."""
    sold = dict(sales.group_by("week_start").agg(pl.col("units_sold").sum()).iter_rows())
    for week, units in expected.select("week_start", "units_expected").iter_rows():
        if week < first:
            continue
        lags = {start: (week - start).days // 7 for start in sold}
        due = {
            start: sold[start] * float(shares[lag])
            for start, lag in lags.items()
            if 0 <= lag <= LONGEST_WEEKS
        }
        total = sum(due.values())
        later = sum(value for start, value in due.items() if first <= start < until)
        yield units * later / total if total else 0.0


def _matched_share(lags: pl.DataFrame) -> float:
    """Of the shop's returns, those whose order is known; 0 without a return."""
    counts = lags["incidents"].to_numpy().astype(np.float64)
    named = counts[lags["sold_week_start"].is_not_null().to_numpy()]
    return float(named.sum() / counts.sum()) if counts.sum() else 0.0


def _unevenness(incidents: pl.DataFrame) -> float:
    """How many times as much the product's returned units vary as single units would, at least 1."""
    units = incidents["units"].to_numpy().astype(np.float64)
    return max(1.0, float((units * units).sum() / units.sum())) if units.sum() else 1.0
