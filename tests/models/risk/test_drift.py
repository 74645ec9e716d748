"""Features that moved are named; those that did not are left in peace."""

import json

import numpy as np
import pytest

from models.risk.drift import LEAST_ROWS, bins_of, drift, reference, stability_index
from models.risk.features import NAMES


def requests(rows: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    chance = np.random.default_rng(seed)
    drawn = chance.standard_normal((rows, len(NAMES)))
    drawn[:, 1] = chance.poisson(0.3, rows)
    drawn[chance.random(drawn.shape) < 0.1] = np.nan
    drawn[:, 2] = np.nan
    return drawn


TAUGHT = json.loads(json.dumps(reference(requests(5000, 1))))


def test_the_same_world_has_not_moved() -> None:
    assert not [one.feature for one in drift(TAUGHT, requests(1000, 2)) if one.has_moved]


def test_a_shifted_a_forgotten_and_a_new_feature_are_named_the_most_moved_first() -> None:
    later = requests(1000, 3)
    later[:, 0] += 1.5
    later[:, 2] = 1.0
    later[:600, 5] = np.nan
    found = drift(TAUGHT, later)
    assert {one.feature for one in found if one.has_moved} == {NAMES[0], NAMES[2], NAMES[5]}
    assert found[0].feature == NAMES[2]
    assert [one.index for one in found] == sorted((one.index for one in found), reverse=True)


def test_few_requests_say_nothing() -> None:
    later = requests(LEAST_ROWS - 1, 4) + 9.0
    assert not any(one.has_moved for one in drift(TAUGHT, later))
    assert any(one.has_moved for one in drift(TAUGHT, requests(LEAST_ROWS, 4) + 9.0))


def test_the_index_is_the_sum_over_bins_that_the_definition_says() -> None:
    bins = bins_of(np.array([0.0] * 50 + [1.0] * 50))
    now = np.array([0.0] * 80 + [1.0] * 20)
    expected = 0.3 * np.log(0.8 / 0.5) + (-0.3) * np.log(0.2 / 0.5)
    assert stability_index(bins, now) == pytest.approx(expected)
    assert stability_index(bins, np.empty(0)) == 0.0


def test_a_bin_that_nobody_is_in_any_more_counts_as_a_thousandth() -> None:
    bins = bins_of(np.array([0.0] * 50 + [1.0] * 50))
    expected = 0.5 * np.log(1 / 0.5) + (0.001 - 0.5) * np.log(0.001 / 0.5)
    assert stability_index(bins, np.zeros(100)) == pytest.approx(expected)
