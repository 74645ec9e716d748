import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.products.expected import expected_incidents, exposure, lag_shares

LONGEST = 12
records = st.lists(st.tuples(st.integers(-2, 20), st.integers(0, 30)), max_size=60)


def drawn_lags(rng: np.random.Generator, weeks: int, a_week: int) -> tuple[np.ndarray, np.ndarray]:
    """Lags and ages of the returns that a record of `weeks` weeks has seen so far; half of all come within a week."""
    sold = np.repeat(np.arange(weeks), a_week)
    lags = rng.geometric(0.5, sold.size) - 1
    ages = weeks - 1 - sold
    seen = lags <= ages
    return lags[seen], ages[seen]


class TestLagShares:
    @given(records)
    def test_they_are_shares_whatever_the_record(self, pairs: list[tuple[int, int]]) -> None:
        lags, ages = np.array(pairs, dtype=np.int64).reshape(-1, 2).T

        shares = lag_shares(lags, ages, LONGEST)

        assert shares.shape == (LONGEST + 1,)
        assert (shares >= 0).all()
        assert np.isclose(shares.sum(), 1.0)

    def test_young_sales_do_not_make_returns_look_quick(self) -> None:
        rng = np.random.default_rng(1)
        old = drawn_lags(rng, weeks=60, a_week=30)
        growing = np.repeat(np.arange(4), (10, 100, 1000, 5000))  # most sales are of the last weeks
        lags = rng.geometric(0.5, growing.size) - 1
        seen = lags <= 3 - growing
        of_old = lag_shares(*old, LONGEST)

        of_young = lag_shares(lags[seen], (3 - growing)[seen], LONGEST)

        counted = np.bincount(lags[seen], minlength=2)[:2] / seen.sum()
        assert counted[0] > 0.8  # what a plain count would have said of the first week
        assert abs(of_young[0] / of_young[:4].sum() - of_old[0] / of_old[:4].sum()) < 0.12
        assert abs(of_old[0] - 0.5) < 0.03


class TestExposure:
    @given(st.lists(st.integers(0, 50), min_size=1, max_size=20), st.floats(0.1, 1.0))
    def test_no_sale_is_due_twice(self, sold: list[int], share_of_week: float) -> None:
        order_lines = np.array([sold], dtype=float)
        shares = np.full(LONGEST + 1, 1 / (LONGEST + 1))

        due = exposure(order_lines, shares, share_of_week)

        assert (due >= 0).all()
        assert due.sum() <= order_lines.sum() + 1e-9

    def test_a_sale_of_long_ago_has_been_due_in_full(self) -> None:
        order_lines = np.zeros((1, LONGEST + 1))
        order_lines[0, 0] = 100

        due = exposure(order_lines, lag_shares(*np.zeros((2, 5), np.int64), LONGEST), 1.0)

        assert np.isclose(due.sum(), 100)
        assert due[0].argmax() == 0


class TestExpectedIncidents:
    def test_a_product_is_not_its_own_yardstick(self) -> None:
        rng = np.random.default_rng(2)
        due = np.full((200, 30), 10.0)
        incidents = rng.poisson(0.5, due.shape).astype(float)
        faulty = incidents.copy()
        faulty[7] *= 20
        peers = np.zeros(200, np.int64)

        plain, moved = (expected_incidents(each, due, peers, 26) for each in (incidents, faulty))

        assert abs(moved[7].sum() / plain[7].sum() - 1) < 0.1
        assert moved[8].sum() > plain[8].sum()

    def test_a_category_that_comes_back_more_is_no_news(self) -> None:
        rng = np.random.default_rng(3)
        due = np.full((200, 30), 10.0)
        peers = np.repeat([0, 1], 100)
        rates = np.where(peers == 1, 0.2, 0.04)
        incidents = rng.poisson(due * rates[:, None]).astype(float)

        expected = expected_incidents(incidents, due, peers, 26)

        ratio = expected[peers == 1].sum() / expected[peers == 0].sum()
        assert 4 < ratio < 6

    def test_a_week_in_which_all_comes_back_moves_what_is_expected(self) -> None:
        rng = np.random.default_rng(4)
        due = np.full((200, 30), 10.0)
        incidents = rng.poisson(0.5, due.shape).astype(float)
        incidents[:, 20] *= 3

        expected = expected_incidents(incidents, due, np.full(200, -1), 26)

        assert expected[:, 20].sum() > 2 * expected[:, 19].sum()

    def test_a_shop_without_a_return_expects_none(self) -> None:
        expected = expected_incidents(np.zeros((3, 4)), np.ones((3, 4)), np.full(3, -1), 26)

        assert not expected.any()
