import numpy as np
import pytest

from models.products.levels import chances_above

NONE = np.zeros(1)


def above(found: float, expected: float, shape: float = 8.0, *bounds: float) -> list[float]:
    chances = chances_above(
        np.array([found]), np.array([expected]), shape, (4.0,), NONE, bounds or (1.5, 3.4)
    )
    return [float(each) for each in chances[:, 0]]


class TestChancesAbove:
    def test_what_much_evidence_says_is_certain(self) -> None:
        assert above(500, 100) == pytest.approx([1.0, 1.0], abs=0.01)
        assert above(200, 100) == pytest.approx([1.0, 0.0], abs=0.01)
        assert above(100, 100) == pytest.approx([0.0, 0.0], abs=0.01)

    def test_without_evidence_it_is_what_the_shop_knows(self) -> None:
        rng = np.random.default_rng(1)
        drawn = rng.gamma(3.0, 1 / 3.0, 200_000)

        (chance,) = above(0, 0, 3.0, 1.5)

        assert chance == pytest.approx((drawn > 1.5).mean(), abs=0.02)

    def test_it_is_as_often_right_as_it_says(self) -> None:
        rng = np.random.default_rng(2)
        is_high = rng.random(20_000) < 0.05
        level = rng.gamma(8.0, 1 / 8.0, is_high.size) * np.where(is_high, 4.0, 1.0)
        expected = rng.gamma(2.0, 2.0, is_high.size)
        found = rng.poisson(level * expected).astype(float)

        (chance,) = chances_above(found, expected, 8.0, (4.0,), np.array([0.05]), (3.0,))

        unsure = (chance > 0.3) & (chance < 0.9)
        assert (level[unsure] > 3.0).mean() == pytest.approx(chance[unsure].mean(), abs=0.07)

    def test_no_product_has_no_chance(self) -> None:
        none = np.empty(0)

        assert chances_above(none, none, 8.0, (4.0,), NONE, (1.5, 3.0)).shape == (2, 0)
