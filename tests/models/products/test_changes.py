import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.products.changes import (
    Stream,
    gamma_shape,
    probability_of_end,
    ratios,
    weeks_of_change,
)

MULTIPLIERS = (1.4, 2.0, 4.0)
SHAPE = 10.0
series = st.lists(st.tuples(st.integers(0, 9), st.floats(0, 5)), min_size=2, max_size=12)


def stream(found: np.ndarray, expected: np.ndarray) -> Stream:
    return Stream(found, expected, np.tile(MULTIPLIERS, (len(found), 1)))


def alone(count: int) -> np.ndarray:
    return np.arange(count)


def by_hand(found: np.ndarray, expected: np.ndarray) -> tuple[float, list[float]]:
    """The same ratios of one product, cohort by cohort, with the level integrated numerically."""
    levels = np.linspace(1e-4, 12, 60_001)
    prior = levels ** (SHAPE - 1) * np.exp(-SHAPE * levels)

    def likelihood(factors: np.ndarray) -> float:
        log = sum(
            came * np.log(np.maximum(levels * factor, 1e-300)) - levels * factor * ahead
            for came, factor, ahead in zip(found, factors, expected, strict=True)
        )
        return float((prior * np.exp(log)).sum())

    ordinary = likelihood(np.ones(len(found)))
    first = int((expected > 0).argmax())
    changed = [
        likelihood(np.where(np.arange(len(found)) >= week, multiplier, 1.0)) / ordinary
        for multiplier in MULTIPLIERS
        for week in range(first + 1, len(found))
    ]
    always = [likelihood(np.full(len(found), each)) / ordinary for each in MULTIPLIERS]
    return float(np.log(np.mean(changed))), [float(np.log(each)) for each in always]


class TestRatios:
    @settings(max_examples=25)
    @given(series)
    def test_they_are_what_integrating_numerically_gives(
        self, weeks: list[tuple[int, float]]
    ) -> None:
        found, expected = np.array(weeks, dtype=float).T
        found[expected < 0.01], expected[expected < 0.01] = 0.0, 0.0
        expected[0] = 1.0
        changed, always = by_hand(found, expected)

        got = ratios(stream(found[None], expected[None]).of, SHAPE, alone(1))

        assert got.changed[0] == pytest.approx(changed, abs=0.01)
        assert got.always[0] == pytest.approx(always, abs=0.01)

    def test_a_family_of_one_has_no_problem_but_its_products_own(self) -> None:
        rng = np.random.default_rng(1)
        expected = rng.gamma(2, 0.3, (5, 12))
        each = stream(rng.poisson(expected).astype(float), expected)

        got = ratios(each.of, SHAPE, alone(5))

        assert np.isneginf(got.family_changed).all()
        assert np.isneginf(got.family_always).all()
        assert np.isfinite(got.changed).all()

    def test_sisters_that_change_in_the_same_week_prove_more_than_each_alone(self) -> None:
        expected = np.full((4, 20), 1.0)
        found = np.where(np.arange(20) >= 12, 2.0, 1.0) * np.ones((4, 1))

        got = ratios(stream(found, expected).of, SHAPE, np.zeros(4, dtype=np.int64))

        assert got.family_changed[0] > got.changed.sum()

    def test_many_families_give_what_each_gives_alone(self) -> None:
        rng = np.random.default_rng(2)
        expected = rng.gamma(2, 0.3, (9000, 6))
        found = rng.poisson(expected).astype(float)
        families = np.arange(9000) // 3

        together = ratios(stream(found, expected).of, SHAPE, families)
        some = ratios(
            stream(found[4095:4101], expected[4095:4101]).of, SHAPE, families[4095:4101] - 1365
        )

        assert together.family_changed[1365:1367] == pytest.approx(some.family_changed, abs=1e-5)
        assert together.changed.shape == (9000,)
        assert together.family_changed.shape == (3000,)

    def test_what_was_sold_in_one_week_cannot_have_changed(self) -> None:
        got = ratios(stream(np.array([[9.0]]), np.array([[1.0]])).of, SHAPE, alone(1))

        assert got.changed[0] == -np.inf


class TestWeeksOfChange:
    def test_it_is_the_week_in_which_the_excess_begins(self) -> None:
        expected = np.ones((2, 20))
        found = np.ones((2, 20))
        found[1, 12:] = 4.0

        assert weeks_of_change(stream(found, expected), SHAPE, alone(2))[1] == 12

    def test_sisters_share_the_week_that_all_of_them_point_to(self) -> None:
        expected = np.ones((3, 20))
        found = np.ones((3, 20))
        found[0, 12:], found[1, 11:], found[2, 13:] = 4.0, 4.0, 4.0

        weeks = weeks_of_change(stream(found, expected), SHAPE, np.zeros(3, dtype=np.int64))

        assert weeks.tolist() == [12, 12, 12]


class TestProbabilityOfEnd:
    def test_what_lasts_has_not_ended_and_what_came_back_ordinarily_since_has(self) -> None:
        expected = np.ones((2, 30))
        found = np.ones((2, 30))
        found[:, 10:] = 4.0
        found[1, 20:] = 1.0
        since = np.array([10, 10])

        lasts, ended = probability_of_end(stream(found, expected), SHAPE, alone(2), since)

        assert lasts < 0.05
        assert ended > 0.95

    def test_a_quiet_week_alone_is_no_end(self) -> None:
        expected = np.ones((1, 30))
        found = np.where(np.arange(30) >= 10, 4.0, 1.0)[None]
        found[0, -1] = 1.0

        (ended,) = probability_of_end(stream(found, expected), SHAPE, alone(1), np.array([10]))

        assert ended < 0.5


class TestGammaShape:
    def test_it_is_the_shape_that_levels_were_drawn_with(self) -> None:
        rng = np.random.default_rng(3)
        expected = np.full(4000, 20.0)
        found = rng.poisson(rng.gamma(6.0, 1 / 6.0, 4000) * expected).astype(float)

        assert gamma_shape(found, expected, np.ones(4000)) == pytest.approx(6.0, rel=0.2)

    def test_faults_that_are_left_out_do_not_widen_it(self) -> None:
        rng = np.random.default_rng(4)
        expected = np.full(2000, 20.0)
        found = rng.poisson(rng.gamma(20.0, 1 / 20.0, 2000) * expected).astype(float)
        found[:100] *= 6
        weights = np.where(np.arange(2000) < 100, 0.0, 1.0)

        assert gamma_shape(found, expected, weights) > 15
        assert gamma_shape(found, expected, np.ones(2000)) < 10
