"""The evidence against each product, and what was expected of it week by week."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import gammaincinv

from models.products.detector import Detector
from models.products.expected import Floats, expected_incidents, exposure, lag_shares
from models.products.histories import likely_causes, since_weeks
from models.products.lifts import Lifts, dispersion, fit_priors, judge
from models.products.record import Grid, Record, lags_and_ages, to_grid
from models.products.sizes import Sizes, incident_sizes

DAYS_OF_A_MONTH = 30
_HARDLY = 1e-12  # a gamma variable needs a shape above 0
EVIDENCE = pl.Schema(
    {
        "sku": pl.String(),
        "units_sold": pl.Int64(),
        "units_returned": pl.Int64(),
        "units_expected": pl.Float64(),
        "incidents": pl.Int64(),
        "incidents_expected": pl.Float64(),
        "lift": pl.Float64(),
        "lift_low": pl.Float64(),
        "lift_high": pl.Float64(),
        "probability": pl.Float64(),
        "excess_units": pl.Float64(),
        "since": pl.Date(),
        "likely_cause": pl.String(),
        "money_at_risk_minor": pl.Int64(),
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


@dataclass(frozen=True, slots=True)
class Findings:
    """`evidence`: a row per product, over the detector's window. `expected`: a row per product and week since its first."""

    evidence: pl.DataFrame
    expected: pl.DataFrame


def weigh(record: Record, detector: Detector) -> Findings:
    """Everything that the record says of every product. An empty record gives empty frames."""
    if record.sales.is_empty() and record.incidents.is_empty():
        return Findings(EVIDENCE.to_frame(), EXPECTED.to_frame())
    grid = to_grid(record)
    shares = lag_shares(*lags_and_ages(record), detector.longest_lag_weeks)
    due = exposure(grid.order_lines, shares, record.share_of_week)
    expected = expected_incidents(grid.incidents, due, grid.peers, detector.window_weeks)
    sizes = incident_sizes(grid.incident_sku, grid.incident_units, len(grid.skus))
    extra = dispersion(grid.incidents, expected)
    return Findings(
        _evidence(record, grid, expected, sizes, extra, detector),
        _expected(grid, expected, sizes, extra, detector.interval),
    )


def _evidence(
    record: Record, grid: Grid, expected: Floats, sizes: Sizes, extra: float, detector: Detector
) -> pl.DataFrame:
    came = grid.incidents[:, -detector.window_weeks :].sum(axis=1)
    ahead = expected[:, -detector.window_weeks :].sum(axis=1)
    lifts = _lifts(came / extra, ahead / extra, detector)
    since = since_weeks(grid.incidents, expected, lifts.lift)
    counted = pl.DataFrame(
        {
            "sku": grid.skus,
            "units_expected": ahead * sizes.mean,
            "incidents": came.astype(np.int64),
            "incidents_expected": ahead,
            "lift": lifts.lift,
            "lift_low": lifts.low,
            "lift_high": lifts.high,
            "probability": lifts.probability,
            "excess_share": 1 - 1 / np.maximum(lifts.lift, 1.0),
            "since": grid.weeks.gather(np.maximum(since, 0)).zip_with(
                pl.Series(since >= 0), pl.Series([None], dtype=pl.Date)
            ),
            "months": _window_days(grid, detector) / DAYS_OF_A_MONTH,
        }
    )
    in_window = pl.col("week_start") >= grid.weeks.tail(detector.window_weeks)[0]
    return (
        _with_units(counted, record, in_window, sizes.cap)
        .join(_causes(record, in_window, detector), on="sku", how="left")
        .with_columns(_money_at_risk(), window_weeks=pl.lit(detector.window_weeks, pl.Int64))
        .sort("sku")
        .select(EVIDENCE.names())
    )


def _lifts(came: Floats, ahead: Floats, detector: Detector) -> Lifts:
    return judge(
        fit_priors(came, ahead),
        came,
        ahead,
        practical=detector.practical_lift,
        level=detector.interval,
    )


def _window_days(grid: Grid, detector: Detector) -> Floats:
    """How long each product has been sold within the window, in days (S,); at least a week."""
    weeks = grid.order_lines.shape[1]
    first = np.where(grid.order_lines.any(axis=1), (grid.order_lines > 0).argmax(axis=1), weeks - 1)
    days: Floats = 7.0 * np.minimum(weeks - first, detector.window_weeks)
    return days


def _with_units(
    counted: pl.DataFrame, record: Record, in_window: pl.Expr, cap: float
) -> pl.DataFrame:
    """Units sold, returned, and returned beyond expectation: the share of what came back, giants cut back."""
    units = pl.col("units")
    returned = record.incidents.filter(in_window).group_by("sku")
    return (
        counted.join(_sold(record.sales, in_window), on="sku", how="left")
        .join(
            returned.agg(units_returned=units.sum(), ordinary=units.clip(upper_bound=cap).sum()),
            on="sku",
            how="left",
        )
        .with_columns(pl.col("units_sold", "units_returned", "ordinary").fill_null(0))
        .with_columns(excess_units=pl.col("excess_share") * pl.col("ordinary"))
    )


def _causes(record: Record, in_window: pl.Expr, detector: Detector) -> pl.DataFrame:
    return likely_causes(
        record.incidents.filter(in_window), least_incidents=detector.least_incidents
    )


def _money_at_risk() -> pl.Expr:
    at_risk = pl.col("excess_units") / pl.col("months") * pl.col("unit_price_minor")
    return at_risk.fill_null(0).round().cast(pl.Int64).alias("money_at_risk_minor")


def _sold(sales: pl.DataFrame, in_window: pl.Expr) -> pl.DataFrame:
    """Per product: units sold in the window; mean paid price in the currency that most units were sold in."""
    by_currency = sales.group_by("sku", "currency").agg(
        pl.col("units_sold").filter(in_window).sum().alias("in_window"),
        pl.col("units_sold").sum(),
        (pl.col("paid_minor").sum() / pl.col("units_sold").sum()).alias("unit_price_minor"),
    )
    return (
        by_currency.sort("sku", "units_sold", "currency", descending=[False, True, False])
        .group_by("sku", maintain_order=True)
        .agg(
            pl.col("in_window").sum().alias("units_sold"),
            pl.col("unit_price_minor", "currency").first(),
        )
    )


def _expected(
    grid: Grid, expected: Floats, sizes: Sizes, extra: float, level: float
) -> pl.DataFrame:
    """Every product's weeks from its first sale or return on, with the band in which the units of an ordinary week lie.

    A sum of so many sizes is taken as a gamma variable of the same mean and variance (the usual approximation of
    aggregate claims: Bohman & Esscher, Skandinavisk Aktuarietidskrift 46, 1963).
    """
    seen = np.maximum.accumulate((grid.order_lines > 0) | (grid.incidents > 0), axis=1)
    sku, week = seen.nonzero()
    ahead = expected[seen]
    size = sizes.mean[sku]
    step = sizes.spread * extra
    low, high = (
        gammaincinv(np.maximum(ahead / step, _HARDLY), tail) * step * size
        for tail in ((1 - level) / 2, (1 + level) / 2)
    )
    return pl.DataFrame(
        {
            "sku": grid.skus.gather(sku),
            "week_start": grid.weeks.gather(week),
            "units_expected": ahead * size,
            "expected_low": np.minimum(low, ahead * size),
            "expected_high": np.maximum(high, ahead * size),
        }
    )
