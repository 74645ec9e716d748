"""The evidence against each product, and what was expected of it week by week."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from scipy.special import gammaincinv

from models.products.blocks import blocks, of_each
from models.products.causes import likely_causes
from models.products.costs import lost_a_unit
from models.products.detector import Detector
from models.products.expected import Cohorts, Expected, by_week_of_return, cohorts
from models.products.lifts import Lifts, lifts
from models.products.problems import Problems, find_problems
from models.products.record import REASONS, STREAMS, Flags, Floats, Grid, Ints, Record, to_grid
from models.products.sizes import Sizes, incident_sizes

DAYS_OF_A_MONTH = 30
# The shapes at which a gamma variable's quantiles are computed; between them they are as good as straight.
_SHAPES = np.geomspace(1e-12, 1e9, 4001)
EVIDENCE = pl.Schema(
    {
        "sku": pl.String(),
        "units_sold": pl.Int64(),
        "units_returned": pl.Int64(),
        "units_expected": pl.Float64(),
        "units_of_peers": pl.Float64(),
        "incidents": pl.Int64(),
        "incidents_expected": pl.Float64(),
        "lift": pl.Float64(),
        "lift_low": pl.Float64(),
        "lift_high": pl.Float64(),
        "own_level": pl.Float64(),
        "probability": pl.Float64(),
        "ended": pl.Float64(),
        "always_high": pl.Float64(),
        "excess_units": pl.Float64(),
        "since": pl.Date(),
        "has_changed": pl.Boolean(),
        "of_family": pl.Boolean(),
        "stream": pl.String(),
        "likely_cause": pl.String(),
        "culprit_dimension": pl.String(),
        "culprit_value": pl.String(),
        "suggested_action": pl.String(),
        "money_at_risk_minor": pl.Int64(),
        "lost_minor": pl.Int64(),
        "currency": pl.String(),
        "window_weeks": pl.Int64(),
    }
)
EXPECTED = pl.Schema(
    {
        "sku": pl.String(),
        "week_start": pl.Date(),
        "units_expected": pl.Float64(),
        "expected_low": pl.Float64(),
        "expected_high": pl.Float64(),
    }
)
A_LINE = pl.Schema({"sku": pl.String(), "week_start": pl.Date(), "expected": pl.Float64()})


@dataclass(frozen=True, slots=True)
class Findings:
    """`evidence`: a row per product. `expected`: a row per product and week since its first sale or return.

    `a_line`: a row per product with a sign of a problem and week of sale: the incidents of the problem's stream that an
    order line of that week was to bring by now, had the product stayed as it was.
    """

    evidence: pl.DataFrame
    expected: pl.DataFrame
    a_line: pl.DataFrame


def nothing_found() -> Findings:
    """What is found where nothing was ever sold or came back."""
    return Findings(EVIDENCE.to_frame(), EXPECTED.to_frame(), A_LINE.to_frame())


def weigh(record: Record, detector: Detector) -> Findings:
    """Everything that the record says of every product. An empty record gives empty frames.

    Of culprits and of what to do it says nothing: see `models.products.culprits`.

    What is counted of a product is of the goods sold since the week in which its problem began; where there is no sign of
    one, of those sold in the last weeks, as many as the detector's window has.
    """
    if record.sales.is_empty() and record.incidents.is_empty():
        return nothing_found()
    grid = to_grid(record)
    sold = cohorts(grid, detector.longest_lag_weeks)
    problems, expected = find_problems(grid, sold, detector)
    sizes = incident_sizes(grid.incidents.sku, grid.incidents.units, len(grid.skus))
    evidence, level = _evidence(record, grid, sold, expected, problems, sizes, detector)
    return Findings(
        evidence,
        _expected(grid, sold, expected, sizes, problems.extra, detector.interval),
        _a_line(grid, expected, problems, level),
    )


def _evidence(
    record: Record,
    grid: Grid,
    sold: Cohorts,
    expected: Expected,
    problems: Problems,
    sizes: Sizes,
    detector: Detector,
) -> tuple[pl.DataFrame, Floats]:
    """The evidence, and each product's own level before its problem (S,)."""
    began = np.where(
        problems.since >= 0, problems.since, max(0, grid.shape[1] - detector.window_weeks)
    )
    found, ahead, level, factor = _since(grid, sold, expected, problems, began, detector)
    counted = pl.DataFrame(
        {
            "sku": grid.skus,
            "units_expected": ahead * level * sizes.mean,
            "units_of_peers": ahead * sizes.mean,
            "incidents": found.round().astype(np.int64),
            "incidents_expected": ahead * level,
            "lift": factor.lift,
            "lift_low": factor.low,
            "lift_high": factor.high,
            "own_level": np.where(problems.has_changed, level, 1.0),
            "probability": problems.probability,
            "ended": problems.ended,
            "always_high": problems.always_high,
            "excess_share": 1 - 1 / np.maximum(factor.lift, 1.0),
            "since": _dates(grid, problems.since),
            "has_changed": problems.has_changed,
            "of_family": problems.of_family,
            "stream": pl.Series(STREAMS).gather(problems.stream),
            "began": grid.weeks.gather(began),
            "months": _days(grid, expected, began) / DAYS_OF_A_MONTH,
        }
    )
    evidence = (
        _with_units(counted, record, sizes.cap)
        .join(_causes(record, counted, detector), on="sku", how="left")
        .join(lost_a_unit(record), on=["sku", "currency"], how="left")
        .with_columns(
            _in_a_month(
                "money_at_risk_minor", pl.col("unit_price_minor") + pl.col("lost").fill_null(0)
            ),
            _in_a_month("lost_minor", pl.col("lost")),
            _cause(),
            has_changed=pl.when(pl.col("since").is_not_null()).then("has_changed"),
            stream=pl.when(pl.col("since").is_not_null()).then("stream"),
            window_weeks=pl.lit(detector.window_weeks, pl.Int64),
            culprit_dimension=pl.lit(None, pl.String),
            culprit_value=pl.lit(None, pl.String),
            suggested_action=pl.lit(None, pl.String),
        )
        .sort("sku")
        .select(EVIDENCE.names())
    )
    return evidence, level


def _since(
    grid: Grid,
    sold: Cohorts,
    expected: Expected,
    problems: Problems,
    began: Ints,
    detector: Detector,
) -> tuple[Floats, Floats, Floats, Lifts]:
    """Of the goods sold since each product's week: incidents, those to be expected, its level before, and the lift.

    Of a problem that all variants of a parent share, the lift is that of all of them together.
    """
    after = np.hstack(of_each(partial(_sums_since, sold, expected, began), blocks(len(began))))
    all_ = np.array([sold.total("all"), expected.total("all")])
    before = np.where(problems.since >= 0, all_ - after, 0.0)
    together = _of_families(np.vstack([before, after]), grid.families, problems.of_family)
    earlier, lately = together[:2] / problems.extra, together[2:] / problems.extra
    shape = problems.shape
    level = (shape + before[0] / problems.extra) / (shape + before[1] / problems.extra)
    factor = lifts((earlier[0], earlier[1]), (lately[0], lately[1]), shape, detector.interval)
    # What has always been so has no lift over its own level: it is that level beside its peers.
    changed = problems.has_changed & (problems.since >= 0)
    factor = Lifts(
        *(
            np.where(changed, each, always)
            for each, always in zip(
                (factor.lift, factor.low, factor.high), problems.level, strict=True
            )
        )
    )
    return after[0], after[1], level, factor


def _sums_since(sold: Cohorts, expected: Expected, began: Ints, rows: slice) -> Floats:
    """Incidents, and those that were to be expected, of some products since each one's week (2, rows)."""
    is_after = np.arange(expected.due.shape[1]) >= began[rows, None]
    return np.array(
        [
            (each * is_after).sum(axis=1)
            for each in (sold.came("all", rows), expected.of("all", rows))
        ]
    )


def _of_families(counts: Floats, families: Ints, is_shared: Flags) -> Floats:
    """Counts (N, S), those of a problem that variants share added up over them."""
    whole = np.array([np.bincount(families, weights=row * is_shared) for row in counts])
    shared: Floats = np.where(is_shared, whole[:, families], counts)
    return shared


def _a_line(grid: Grid, expected: Expected, problems: Problems, level: Floats) -> pl.DataFrame:
    rows = np.flatnonzero(problems.since >= 0)
    names = [STREAMS[each] for each in problems.stream[rows]]
    rates = np.array([expected.rates[name][row] for name, row in zip(names, rows, strict=True)])
    lines = grid.order_lines[rows]
    known = np.divide(expected.due[rows], lines, out=np.zeros_like(lines), where=lines > 0)
    each = known * expected.levels[rows] * (rates * level[rows]).reshape(-1, 1)
    sku, week = lines.nonzero()
    return pl.DataFrame(
        {
            "sku": grid.skus.gather(rows).gather(sku),
            "week_start": grid.weeks.gather(week),
            "expected": each[sku, week],
        },
        schema=A_LINE,
    )


def _dates(grid: Grid, weeks: Ints) -> pl.Series:
    """Mondays of places of weeks; null where there is none (-1)."""
    known = pl.Series(weeks >= 0)
    return grid.weeks.gather(np.maximum(weeks, 0)).zip_with(known, pl.Series([None], dtype=pl.Date))


def _days(grid: Grid, expected: Expected, began: Ints) -> Floats:
    """For how many days' sales since its week all that will come back has come back, of each product (S,); at least a week.

    Of what was sold lately most is still to come back: those days count by the share of it that is here.
    """
    weeks = grid.shape[1]
    first = np.where(grid.order_lines.any(axis=1), (grid.order_lines > 0).argmax(axis=1), weeks - 1)
    is_since = np.arange(weeks) >= began[:, None]
    sold, due = ((each * is_since).sum(axis=1) for each in (grid.order_lines, expected.due))
    here = np.divide(due, sold, out=np.ones(len(sold)), where=sold > 0)
    days: Floats = 7.0 * (weeks - np.maximum(first, began)) * here
    return np.maximum(days, 7.0)


def _with_units(counted: pl.DataFrame, record: Record, cap: float) -> pl.DataFrame:
    """Units sold, returned, and returned beyond expectation: the share of what came back, giants cut back."""
    units = pl.col("units")
    began = counted.select("sku", "began")
    returned = (
        record.incidents.join(began, on="sku")
        .filter(pl.coalesce("sold_week_start", "week_start") >= pl.col("began"))
        .group_by("sku")
        .agg(units_returned=units.sum(), ordinary=units.clip(upper_bound=cap).sum())
    )
    return (
        counted.join(_sold(record.sales.join(began, on="sku")), on="sku", how="left")
        .join(returned, on="sku", how="left")
        .with_columns(pl.col("units_sold", "units_returned", "ordinary").fill_null(0))
        .with_columns(excess_units=pl.col("excess_share") * pl.col("ordinary"))
    )


def _causes(record: Record, counted: pl.DataFrame, detector: Detector) -> pl.DataFrame:
    since = record.incidents.join(counted.select("sku", "began"), on="sku").filter(
        pl.coalesce("sold_week_start", "week_start") >= pl.col("began")
    )
    return likely_causes(since, record.products, least_incidents=detector.least_incidents)


def _cause() -> pl.Expr:
    """The reason in which the problem shows; where it shows in all of them alike, the one that stands out most."""
    has_problem = pl.col("since").is_not_null() & pl.col("stream").is_in(REASONS)
    return pl.when(has_problem).then("stream").otherwise("likely_cause").alias("likely_cause")


def _in_a_month(name: str, a_unit: pl.Expr) -> pl.Expr:
    """What the excess of 30 days of sales amounts to in the end, at so much a unit."""
    amount = pl.col("excess_units") / pl.col("months") * a_unit
    return amount.fill_null(0).round().cast(pl.Int64).alias(name)


def _sold(sales: pl.DataFrame) -> pl.DataFrame:
    """Per product: units sold since its week; mean paid price in the currency that most units were sold in."""
    by_currency = sales.group_by("sku", "currency").agg(
        pl.col("units_sold").filter(pl.col("week_start") >= pl.col("began")).sum().alias("since"),
        pl.col("units_sold").sum(),
        (pl.col("paid_minor").sum() / pl.col("units_sold").sum()).alias("unit_price_minor"),
    )
    return (
        by_currency.sort("sku", "units_sold", "currency", descending=[False, True, False])
        .group_by("sku", maintain_order=True)
        .agg(
            pl.col("since").sum().alias("units_sold"),
            pl.col("unit_price_minor", "currency").first(),
        )
    )


def _expected(
    grid: Grid, sold: Cohorts, expected: Expected, sizes: Sizes, extra: float, level: float
) -> pl.DataFrame:
    """Every product's weeks from its first sale or return on, with the band in which the units of an ordinary week lie.

    A sum of so many sizes is taken as a gamma variable of the same mean and variance (the usual approximation of
    aggregate claims: Bohman & Esscher, Skandinavisk Aktuarietidskrift 46, 1963).
    """
    order = grid.skus.arg_sort().to_numpy()
    step = sizes.spread * extra

    def of(block: slice) -> pl.DataFrame:
        rows = order[block]
        weekly = by_week_of_return(grid, sold, expected.a_line(rows), rows)
        sells = (grid.order_lines[rows] > 0) | (grid.came[rows] > 0)
        place, week = np.maximum.accumulate(sells, axis=1).nonzero()
        ahead, size = weekly[place, week], sizes.mean[rows][place]
        tails = ((1 - level) / 2, (1 + level) / 2)
        low, high = (each * step * size for each in _gamma_quantiles(ahead / step, tails))
        return pl.DataFrame(
            {
                "sku": grid.skus.gather(rows).gather(place),
                "week_start": grid.weeks.gather(week),
                "units_expected": ahead * size,
                "expected_low": np.minimum(low, ahead * size),
                "expected_high": np.maximum(high, ahead * size),
            }
        )

    return pl.concat([EXPECTED.to_frame(), *of_each(of, blocks(len(order)))])


def _gamma_quantiles(shapes: Floats, probabilities: tuple[float, ...]) -> list[Floats]:
    """Quantiles of gamma variables of scale 1, within a thousandth: a shop has millions of weeks, too many to compute each."""
    logs = np.log(np.maximum(shapes, _SHAPES[0]))
    return [np.interp(logs, np.log(_SHAPES), gammaincinv(_SHAPES, each)) for each in probabilities]
