import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.products.lifts import Lifts, dispersion, fit_priors, judge

counts = st.lists(st.tuples(st.integers(0, 500), st.floats(0, 300)), min_size=1, max_size=30)


def judged(came: np.ndarray, ahead: np.ndarray) -> Lifts:
    return judge(fit_priors(came, ahead), came, ahead, practical=1.5, level=0.9)


class TestJudge:
    @given(counts)
    def test_the_interval_holds_the_median_and_probabilities_are_probabilities(
        self, pairs: list[tuple[int, float]]
    ) -> None:
        came, ahead = np.array(pairs, dtype=float).T

        lifts = judged(came, ahead)

        assert (lifts.low <= lifts.lift).all()
        assert (lifts.lift <= lifts.high).all()
        assert ((lifts.probability >= 0) & (lifts.probability <= 1)).all()

    def test_the_interval_holds_the_truth_as_often_as_it_says(self) -> None:
        rng = np.random.default_rng(5)
        truth = np.exp(rng.normal(0, 0.5, 3000))
        ahead = rng.gamma(2, 4, truth.size)

        lifts = judged(rng.poisson(truth * ahead).astype(float), ahead)

        covered = ((lifts.low <= truth) & (truth <= lifts.high)).mean()
        assert 0.87 < covered < 0.93

    def test_the_probability_is_as_often_right_as_it_says(self) -> None:
        rng = np.random.default_rng(6)
        truth = np.exp(rng.normal(0, 0.5, 5000))
        ahead = rng.gamma(2, 4, truth.size)

        lifts = judged(rng.poisson(truth * ahead).astype(float), ahead)

        sure = lifts.probability > 0.7
        assert abs((truth[sure] > 1.5).mean() - lifts.probability[sure].mean()) < 0.05

    def test_little_evidence_is_drawn_to_what_the_shop_knows(self) -> None:
        rng = np.random.default_rng(7)
        came, ahead = rng.poisson(20, 500).astype(float), np.full(500, 20.0)
        came[:2], ahead[:2] = (3, 60), (1, 20)  # both came three times as often as expected

        lifts = judged(came, ahead)

        assert lifts.lift[0] < 1.5 < 2.0 < lifts.lift[1]

    def test_with_nothing_expected_it_says_what_the_shop_says(self) -> None:
        rng = np.random.default_rng(10)
        ahead = np.append(np.full(2000, 50.0), 0.0)
        came = np.append(rng.poisson(100, 2000), 9).astype(float)

        lifts = judged(came, ahead)

        assert lifts.lift[-1] == pytest.approx(2.0, rel=0.1)  # as all others; its nine say nothing

    def test_a_product_does_not_teach_the_shop_what_is_then_held_against_it(self) -> None:
        rng = np.random.default_rng(11)
        ahead = np.append(np.full(120, 8.0), 0.02)
        came = np.append(rng.poisson(8.0, 120), 3).astype(float)

        lifts = judged(came, ahead)

        assert lifts.low[-1] < 1  # by its own teaching it was between 30 and 60
        assert lifts.lift[-1] < 5


class TestDispersion:
    def test_poisson_counts_have_none_beyond_their_own(self) -> None:
        rng = np.random.default_rng(8)
        expected = np.full((300, 26), 0.7)

        assert dispersion(rng.poisson(expected).astype(float), expected) == pytest.approx(
            1, abs=0.1
        )

    def test_counts_that_come_in_clumps_are_told_apart(self) -> None:
        rng = np.random.default_rng(9)
        expected = np.full((300, 26), 0.7)
        clumped = 3.0 * rng.poisson(expected / 3)

        assert dispersion(clumped, expected) == pytest.approx(3, abs=0.3)
