"""A nowcast covers as often as it says, however few returns a cohort has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.products.nowcast import Rest, nowcast, rest, spread_of

LEVEL = 0.9
counts = st.lists(st.tuples(st.integers(0, 50), st.floats(0.0, 80.0)), max_size=20)


def drawn(rng: np.random.Generator, rests: Rest) -> np.ndarray:
    return rng.negative_binomial(rests.size, rests.size / (rests.size + rests.mean))


@pytest.mark.parametrize(("least", "most"), [(0.15, 0.6), (0.2, 4.0), (3.0, 40.0), (80.0, 400.0)])
def test_the_interval_covers_as_often_as_it_says_on_average(least: float, most: float) -> None:
    rng = np.random.default_rng(3)
    mean = np.exp(rng.uniform(np.log(least), np.log(most), 4000))
    rests = Rest(mean, np.full(4000, 25.0))
    found = rng.poisson(3.0, 4000).astype(float)

    said = nowcast(found, rests, LEVEL)

    final = found + drawn(rng, rests)
    assert abs(((said.low <= final) & (final <= said.high)).mean() - LEVEL) < 0.015


@given(counts)
def test_nothing_is_taken_back_and_the_bounds_are_counts(
    rows: list[tuple[int, float]],
) -> None:
    found, mean = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    said = nowcast(found, rest(found, found, mean, 20.0, 50.0), LEVEL)

    assert (said.low >= found).all()
    assert (said.high >= said.low).all()
    assert (said.final >= found).all()
    assert (said.low == said.low.round()).all()
    assert np.isfinite(said.high).all()


def test_a_cohort_of_which_nothing_is_outstanding_is_known() -> None:
    found = np.array([0.0, 7.0])

    said = nowcast(found, rest(found, found, np.zeros(2), 20.0, np.inf), LEVEL)

    assert said.low.tolist() == said.high.tolist() == [0.0, 7.0]


def test_what_came_so_far_moves_what_is_still_to_come() -> None:
    found, due = np.array([0.0, 30.0, 90.0]), np.full(3, 30.0)

    rests = rest(found, due, np.full(3, 10.0), 30.0, np.inf)

    assert rests.mean.tolist() == [5.0, 10.0, 20.0]
    assert rests.size.tolist() == [30.0, 60.0, 120.0]


def test_the_spread_of_weeks_is_learnt_from_old_cohorts() -> None:
    rng = np.random.default_rng(5)
    known = Rest(np.full(5000, 40.0), np.full(5000, 1e9))
    wide, even = (
        spread_of(rng.negative_binomial(size, size / (size + 40.0), 5000), known)
        for size in (10.0, 1e6)
    )

    assert 8.0 < wide < 12.5
    assert even > 1000
    assert spread_of(np.empty(0), Rest(np.empty(0), np.empty(0))) == np.inf
