import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.products.sizes import incident_sizes

incidents = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 100_000)), min_size=1, max_size=50)


class TestIncidentSizes:
    @given(incidents)
    def test_means_lie_within_what_was_seen(self, pairs: list[tuple[int, int]]) -> None:
        products, units = np.array(pairs, dtype=np.int64).T

        sizes = incident_sizes(products, units.astype(float), 5)

        assert sizes.mean.shape == (5,)
        assert (sizes.mean >= units.min() - 1e-6).all()
        assert (sizes.mean <= units.max() + 1e-6).all()
        assert sizes.spread >= 1

    def test_one_truckload_does_not_make_a_product_come_in_truckloads(self) -> None:
        products = np.repeat(np.arange(100), 10)
        units = np.ones(1000)
        units[0] = 80_995

        sizes = incident_sizes(products, units, 100)

        assert sizes.mean[0] < 2

    def test_a_product_that_always_comes_in_dozens_is_believed(self) -> None:
        products = np.repeat(np.arange(100), 20)
        units = np.where(products < 5, 12.0, 1.0) + np.arange(2000) % 2

        sizes = incident_sizes(products, units, 100)

        assert sizes.mean[0] > 8
        assert sizes.mean[99] < 2
