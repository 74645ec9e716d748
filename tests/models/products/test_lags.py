import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.products.lags import known_by_now, lag_shares, usual_shares

LONGEST = 12
BELIEF = usual_shares(LONGEST)
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

        shares = lag_shares(lags, ages, BELIEF, 10.0)

        assert shares.shape == (LONGEST + 1,)
        assert (shares >= 0).all()
        assert np.isclose(shares.sum(), 1.0)

    def test_young_sales_do_not_make_returns_look_quick(self) -> None:
        rng = np.random.default_rng(1)
        old = drawn_lags(rng, weeks=60, a_week=30)
        growing = np.repeat(np.arange(4), (10, 100, 1000, 5000))  # most sales are of the last weeks
        lags = rng.geometric(0.5, growing.size) - 1
        seen = lags <= 3 - growing
        of_old = lag_shares(*old, BELIEF, 10.0)

        of_young = lag_shares(lags[seen], (3 - growing)[seen], BELIEF, 10.0)

        counted = np.bincount(lags[seen], minlength=2)[:2] / seen.sum()
        assert counted[0] > 0.8  # what a plain count would have said of the first week
        assert abs(of_young[0] / of_young[:4].sum() - of_old[0] / of_old[:4].sum()) < 0.12
        assert abs(of_old[0] - 0.5) < 0.03

    def test_a_category_of_two_returns_leans_on_the_shop(self) -> None:
        shares = lag_shares(np.array([9, 9]), np.array([30, 30]), BELIEF, 50.0)

        assert abs(shares - BELIEF).max() < 0.06


class TestKnownByNow:
    @given(st.integers(1, 40), st.floats(0.1, 1.0))
    def test_more_of_older_sales_is_known_and_never_more_than_all(
        self, weeks: int, share_of_week: float
    ) -> None:
        known = known_by_now(BELIEF, weeks, share_of_week)

        assert known.shape == (weeks,)
        assert (np.diff(known) <= 1e-12).all()
        assert (known >= 0).all()
        assert (known <= 1 + 1e-12).all()

    def test_of_the_current_week_counts_what_has_passed(self) -> None:
        known = known_by_now(BELIEF, 2, 0.5)

        assert np.allclose(known, [BELIEF[0] + BELIEF[1] / 2, BELIEF[0] / 2])
