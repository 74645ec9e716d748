import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.products.mixture import posterior

logs = st.lists(st.floats(-20, 200), min_size=6, max_size=6)


class TestPosterior:
    @given(logs, logs)
    def test_probabilities_are_probabilities(self, own: list[float], family: list[float]) -> None:
        both = posterior(
            np.array(own).reshape(2, 3), np.array(family).reshape(2, 3)[:, :2], np.array([0, 0, 1])
        )
        found = both.own + both.family

        assert (found >= 0).all()
        assert (found.sum(axis=0) <= 1 + 1e-9).all()

    def test_they_are_as_often_right_as_they_say(self) -> None:
        rng = np.random.default_rng(1)
        is_odd = rng.random(20_000) < 0.03
        seen = rng.normal(np.where(is_odd, 2.5, 0.0))
        log = 2.5 * seen - 2.5**2 / 2  # of a normal variable about 2.5 against one about 0

        found = posterior(log[None], log[None], np.arange(len(seen)))

        probability = found.own[0]
        unsure = (probability > 0.3) & (probability < 0.9)
        assert found.shares[0] == pytest.approx(0.03, abs=0.006)
        assert is_odd[unsure].mean() == pytest.approx(probability[unsure].mean(), abs=0.07)
        assert is_odd[probability > 0.9].mean() > 0.93

    def test_a_familys_evidence_is_evidence_against_each_of_it(self) -> None:
        own = np.array([[0.5, 0.5, 0.5, 0.5]])
        family = np.array([[12.0, 0.5]])

        found = posterior(own, family, np.array([0, 0, 0, 1])).family[0]

        assert (found[:3] > 0.9).all()
        assert found[3] == 0  # nobody's sister

    def test_no_product_has_no_posterior(self) -> None:
        none = np.empty((2, 0))

        assert posterior(none, none, np.empty(0, dtype=np.int64)).own.shape == (2, 0)
