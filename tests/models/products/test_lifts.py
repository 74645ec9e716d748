import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.products.lifts import Lifts, dispersion, lifts

SHAPE = 8.0
counts = st.lists(
    st.tuples(st.integers(0, 500), st.floats(0, 300), st.integers(0, 500), st.floats(0, 300)),
    min_size=1,
    max_size=30,
)


def judged(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> Lifts:
    return lifts(before, after, SHAPE, 0.9)


def dispersion_of(incidents: np.ndarray, expected: np.ndarray) -> float:
    return dispersion(lambda rows: incidents[rows], lambda rows: expected[rows], len(incidents))


class TestLifts:
    @given(counts)
    def test_the_interval_holds_the_median(self, rows: list[tuple[int, float, int, float]]) -> None:
        earlier, ahead_earlier, came, ahead = np.array(rows, dtype=float).T

        found = judged((earlier, ahead_earlier), (came, ahead))

        assert (found.low <= found.lift).all()
        assert (found.lift <= found.high).all()

    def test_the_interval_holds_the_truth_as_often_as_it_says(self) -> None:
        rng = np.random.default_rng(5)
        is_odd = rng.random(4000) < 0.1
        truth = 2.0 ** (rng.normal(0, 1, 4000) * np.where(is_odd, 1.2, 0.25))
        level = rng.gamma(SHAPE, 1 / SHAPE, truth.size)
        ahead = rng.gamma(2, 4, truth.size)
        before = rng.poisson(level * ahead).astype(float)

        found = judged((before, ahead), (rng.poisson(truth * level * ahead).astype(float), ahead))

        covered = ((found.low <= truth) & (truth <= found.high)).mean()
        assert 0.88 < covered < 0.92

    def test_what_always_came_back_twice_as_often_has_no_lift(self) -> None:
        found = judged(
            (np.array([400.0]), np.array([200.0])), (np.array([100.0]), np.array([50.0]))
        )

        assert found.lift[0] == pytest.approx(1.0, rel=0.1)

    def test_little_evidence_is_drawn_to_one(self) -> None:
        ordinary = np.full(2, 200.0)

        found = judged((ordinary, ordinary), (np.array([3.0, 60.0]), np.array([1.0, 20.0])))

        assert (
            found.lift[0] < 1.5 < 2.0 < found.lift[1]
        )  # both came three times as often as expected

    def test_with_nothing_expected_it_says_what_is_usual(self) -> None:
        nothing = np.zeros(1)

        found = judged((nothing, nothing), (nothing, nothing))

        assert found.lift[0] == pytest.approx(1.0, rel=0.01)
        assert found.low[0] < 0.9 < 1.1 < found.high[0]

    def test_three_where_next_to_none_was_expected_prove_little(self) -> None:
        nothing = np.zeros(1)

        found = judged((nothing, nothing), (np.array([3.0]), np.array([0.02])))

        assert found.low[0] < 1  # the plain ratio is 150
        assert found.lift[0] < 5


class TestDispersion:
    def test_poisson_counts_have_none_beyond_their_own(self) -> None:
        rng = np.random.default_rng(8)
        expected = np.full((300, 26), 0.7)

        assert dispersion_of(rng.poisson(expected).astype(float), expected) == pytest.approx(
            1, abs=0.1
        )

    def test_counts_that_come_in_clumps_are_told_apart(self) -> None:
        rng = np.random.default_rng(9)
        expected = np.full((300, 26), 0.7)
        clumped = 3.0 * rng.poisson(expected / 3)

        assert dispersion_of(clumped, expected) == pytest.approx(3, abs=0.3)
