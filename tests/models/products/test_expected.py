import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_products import Rows, monday, record

from models.products.expected import by_week_of_return, cohorts, expectation
from models.products.record import Grid, to_grid

WEEKS, LAGS = 30, 12


def grid_of(
    incidents: np.ndarray, lines: float = 10.0, categories: list[str | None] | None = None
) -> Grid:
    """Products that sell as much every week; `incidents` (S, W) come back in the week of their sale."""
    names = [f"S{number:03}" for number in range(len(incidents))]
    sales: Rows = [
        (sku, monday(week), int(lines), int(lines), 1000, "EUR")
        for sku in names
        for week in range(incidents.shape[1])
    ]
    came: Rows = [
        (names[sku], monday(week), monday(week), 1, "defect")
        for sku, week in zip(*incidents.nonzero(), strict=True)
        for _ in range(int(incidents[sku, week]))
    ]
    shelves = zip(names, categories or [None] * len(names), strict=True)
    products: Rows = [(sku, category, None) for sku, category in shelves]
    return to_grid(record(sales, came, incidents.shape[1], products))


def expected(grid: Grid, weights: np.ndarray | None = None) -> np.ndarray:
    given_weights = np.ones(grid.shape[0]) if weights is None else weights
    return expectation(grid, cohorts(grid, LAGS), given_weights).of("all")


class TestCohorts:
    def test_an_incident_counts_in_the_week_in_which_it_was_sold(self) -> None:
        sales: Rows = [("A", monday(week), 9, 9, 900, "EUR") for week in range(6)]
        came: Rows = [
            ("A", monday(4), monday(1), 1, "defect"),
            ("A", monday(5), monday(1), 2, None),
        ]

        found = cohorts(to_grid(record(sales, came, 6)), LAGS)

        assert found.came("all").tolist() == [[0, 2, 0, 0, 0, 0]]
        assert found.came("defect").tolist() == [[0, 1, 0, 0, 0, 0]]
        assert not found.came("size_fit").any()
        assert found.total("all").tolist() == [2.0]

    def test_one_whose_sale_is_not_known_is_spread_over_what_was_sold_before_and_stays_one(
        self,
    ) -> None:
        sales: Rows = [("A", monday(0), 8, 8, 800, "EUR"), ("A", monday(3), 2, 2, 200, "EUR")]
        came: Rows = [("A", monday(3), None, 1, None)]

        found = cohorts(to_grid(record(sales, came, 6)), LAGS).came("all")[0]

        assert found.sum() == pytest.approx(1.0)
        assert set(found.nonzero()[0]) == {0, 3}

    def test_one_that_nobody_can_have_bought_is_in_no_cohort(self) -> None:
        sales: Rows = [("A", monday(4), 8, 8, 800, "EUR")]
        came: Rows = [("A", monday(2), None, 1, None)]

        assert not cohorts(to_grid(record(sales, came, 6)), LAGS).came("all").any()

    @given(st.lists(st.integers(0, 50), min_size=1, max_size=20))
    def test_no_sale_is_due_twice(self, lines: list[int]) -> None:
        sales: Rows = [("A", monday(week), n, n, n, "EUR") for week, n in enumerate(lines) if n]
        if not sales:
            return
        grid = to_grid(record(sales, [], len(lines)))

        due = cohorts(grid, LAGS).due

        assert (due >= 0).all()
        assert (due <= grid.order_lines + 1e-9).all()


class TestExpectation:
    def test_a_product_is_not_its_own_yardstick(self) -> None:
        rng = np.random.default_rng(2)
        incidents = rng.poisson(0.5, (200, WEEKS)).astype(float)
        faulty = incidents.copy()
        faulty[7] *= 20

        plain, moved = (
            expected(grid_of(each, categories=["shelf"] * 200)) for each in (incidents, faulty)
        )

        assert abs(moved[7].sum() / plain[7].sum() - 1) < 0.1
        assert moved[8].sum() > plain[8].sum()

    def test_what_is_known_to_be_at_fault_is_no_yardstick_for_others(self) -> None:
        rng = np.random.default_rng(2)
        incidents = rng.poisson(0.5, (200, WEEKS)).astype(float)
        faulty = incidents.copy()
        faulty[7] *= 20
        weights = np.ones(200)
        weights[7] = 0.0

        plain = expected(grid_of(incidents), weights)
        left_out = expected(grid_of(faulty), weights)

        assert np.allclose(plain[8], left_out[8], rtol=0.02)

    def test_a_category_that_comes_back_more_is_no_news(self) -> None:
        rng = np.random.default_rng(3)
        rates = np.repeat([0.2, 0.04], 100)
        incidents = rng.poisson(10 * rates[:, None], (200, WEEKS)).astype(float)

        ahead = expected(grid_of(incidents, categories=["often"] * 100 + ["seldom"] * 100))

        assert 4 < ahead[:100].sum() / ahead[100:].sum() < 6

    def test_a_category_of_one_is_judged_by_the_shop(self) -> None:
        rng = np.random.default_rng(3)
        incidents = rng.poisson(1.0, (100, WEEKS)).astype(float)
        incidents[0] = 8

        ahead = expected(grid_of(incidents, categories=["alone", *["shelf"] * 99]))

        assert ahead[0].sum() == pytest.approx(ahead[1:].sum() / 99, rel=0.1)

    def test_a_week_whose_sales_all_come_back_moves_what_is_expected(self) -> None:
        rng = np.random.default_rng(4)
        incidents = rng.poisson(0.5, (200, WEEKS)).astype(float)
        incidents[:, 20] *= 3

        ahead = expected(grid_of(incidents))

        assert ahead[:, 20].sum() > 2 * ahead[:, 19].sum()

    def test_a_category_out_of_fashion_moves_its_own_products_alone(self) -> None:
        rng = np.random.default_rng(4)
        incidents = rng.poisson(1.0, (200, WEEKS)).astype(float)
        incidents[:100, 20] *= 3

        ahead = expected(grid_of(incidents, categories=["out"] * 100 + ["in"] * 100))

        assert ahead[:100, 20].sum() > 1.8 * ahead[:100, 18].sum()
        assert ahead[100:, 20].sum() < 1.4 * ahead[100:, 18].sum()

    def test_a_shop_without_a_return_expects_none(self) -> None:
        assert not expected(grid_of(np.zeros((3, 4)))).any()


class TestByWeekOfReturn:
    def test_what_was_sold_once_comes_back_in_the_weeks_after(self) -> None:
        sales: Rows = [("A", monday(0), 100, 100, 100, "EUR"), ("B", monday(9), 1, 1, 1, "EUR")]
        grid = to_grid(record(sales, [], 10, []))

        weekly = by_week_of_return(grid, cohorts(grid, LAGS), np.full(grid.shape, 0.1))[0]

        assert weekly.sum() == pytest.approx(10.0, rel=0.1)
        assert (np.diff(weekly[:8]) <= 0).all()
