"""The usual rules on a shop that is made up: ten ordinary products, and one that comes back five times as often."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import nbinom
from toy_products import record, sold_and_returned

from bench.products.baselines import RULES, discoveries, eb05, raw_rate, scores, weekly_z
from models.products.detector import Detector
from models.products.expected import cohorts
from models.products.record import Record, to_grid

WEEKS, FROM = 30, 20


@pytest.fixture(scope="module")
def toy() -> Record:
    rng = np.random.default_rng(1)
    sales, incidents = [], []
    for number in range(60):
        rates = np.full(WEEKS, 0.08)
        if number == 0:
            rates[FROM:] = 0.5
        sold, came = sold_and_returned(rng, f"S{number:02}", np.full(WEEKS, 30), rates, "defect")
        sales, incidents = [*sales, *sold], [*incidents, *came]
    return record(sales, incidents, WEEKS)


def test_the_faulty_product_leads_every_list_that_looks_at_all_its_time(toy: Record) -> None:
    grid = to_grid(toy)
    found = scores(toy, grid, cohorts(grid, Detector().longest_lag_weeks))

    assert set(found["way"]) == set(RULES)
    for way in ("raw rate > 30 %", "EB05 > 2", "lag-adjusted BH"):
        first = found.filter(pl.col("way") == way).sort("score", descending=True)
        assert first["sku"][0] == "S00", way
    flagged = found.filter(pl.col("way") == "lag-adjusted BH", pl.col("score") > RULES["lag-adjusted BH"].usual)  # fmt: skip
    assert flagged["sku"].to_list() == ["S00"]


def test_the_raw_rate_counts_units_and_needs_some(toy: Record) -> None:
    few = record([("A", toy.this_week, 5, 9, 1, "EUR"), ("B", toy.this_week, 5, 10, 1, "EUR")],
                 [("A", toy.this_week, toy.this_week, 3, None), ("B", toy.this_week, toy.this_week, 4, None)], WEEKS)  # fmt: skip

    rates = raw_rate(few, to_grid(few))

    assert np.isnan(rates[0])
    assert rates[1] == 0.4


def test_a_week_is_measured_by_the_weeks_before_it() -> None:
    steady = [2.0, 4.0] * 5
    came = np.array([[*steady, 9.0], [*steady, 3.0], [3.0] * 11])

    z = weekly_z(came)

    spread = np.std(steady, ddof=1)
    assert z[:2].tolist() == pytest.approx([6 / spread, 0.0])
    assert np.isnan(z[2])
    assert np.isnan(weekly_z(came[:, :8])).all()


def test_eb05_is_the_quantile_of_a_posterior_that_shrinks() -> None:
    rng = np.random.default_rng(2)
    expected = np.full(3000, 5.0)
    found = nbinom.rvs(4.0, 4.0 / (4.0 + expected), random_state=rng).astype(float)
    found[1] = 15.0

    low = eb05(found, expected)

    # Levels are gamma variables of shape and rate 4, so the posterior of a lift has shape 19 and rate 9.
    assert low[1] == pytest.approx(quantile_of_gamma(19.0, 9.0, 0.05), rel=0.1)
    assert low[1] < 15 / 5
    assert np.isnan(eb05(np.ones(2), np.array([0.0, 1.0]))[0])


def quantile_of_gamma(shape: float, rate: float, level: float) -> float:
    """By integration, apart from what is tested."""
    points = np.linspace(1e-6, 4 * shape / rate, 4001)
    log = (shape - 1) * np.log(points) - rate * points
    density = np.exp(log - log.max())
    below = np.cumsum(density) / density.sum()
    return float(points[np.searchsorted(below, level)])


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg() -> None:
    found, expected = np.array([9.0, 4.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 1.0])

    adjusted = 10.0 ** -discoveries(found, expected)

    tails = [1.12520e-6, 0.0189882, 0.6321206, 1.0]  # P(Poisson(1) ≥ 9), ≥ 4, ≥ 1, ≥ 0
    assert adjusted.tolist() == pytest.approx([tails[0] * 4, tails[1] * 2, tails[2] * 4 / 3, 1.0], rel=1e-3)  # fmt: skip
