import numpy as np
import polars as pl
import pytest
from planned import Planned, planned

from simulator.kinds import KINDS
from simulator.scenario import Abuse, Demand, Scenario

RING = KINDS.index("ring")


@pytest.fixture(scope="module")
def year() -> Planned:
    return planned(Scenario(abuse=Abuse(share=0.15)), days=365, orders_per_day=60)


class TestComingAndGoing:
    @pytest.mark.parametrize("share", [0.0, 0.05, 0.16, 0.4])
    def test_as_many_orders_are_first_ones_as_the_scenario_says(self, share: float) -> None:
        shop = planned(Scenario(demand=Demand(new_customer_share=share)), days=100)
        placed_day = pl.col("placed_us") // 86_400_000_000
        is_new = shop.orders.select(pl.col("joined_day") == placed_day).to_series()

        assert is_new.mean() == pytest.approx(share, abs=0.015)

    def test_the_pool_stays_of_a_size_and_keeps_its_mixture(self, year: Planned) -> None:
        pool, shares = year.plan.pool, year.plan.shares
        now = np.bincount(pool.kind, minlength=len(KINDS)) / len(pool)

        assert len(pool) == 60 * 45
        assert np.abs(now - shares).max() < 0.03

    def test_numbers_are_for_ever(self, year: Planned) -> None:
        customers = year.orders.group_by("customer").agg(
            pl.col("kind", "country", "address", "device", "joined_day").n_unique()
        )

        assert customers.drop("customer").to_numpy().max() == 1

    def test_nobody_buys_before_they_come(self, year: Planned) -> None:
        assert (year.orders["joined_day"] * 86_400_000_000 <= year.orders["placed_us"]).all()

    def test_who_leaves_sooner_buys_less_often(self, year: Planned) -> None:
        orders = year.orders.group_by("customer", "kind").len().group_by("kind").agg(pl.col("len").mean())  # fmt: skip
        a_customer = dict(orders.iter_rows())

        assert a_customer[KINDS.index("newcomer")] < a_customer[KINDS.index("ordinary")] / 2


class TestSharing:
    def test_a_ring_shares_addresses_and_devices_and_families_do_less(self, year: Planned) -> None:
        for name, among_ring, among_honest in (("address", 0.5, 0.3), ("device", 0.35, 0.15)):
            together = pl.col("customer").n_unique().over(name) > 1
            accounts = year.orders.with_columns(together=together).unique("customer")
            is_ring = accounts["kind"] == RING
            assert accounts.filter(is_ring)["together"].mean() > among_ring
            assert 0 < accounts.filter(~is_ring)["together"].mean() < among_honest

    def test_a_ring_is_no_larger_than_six(self, year: Planned) -> None:
        rings = year.orders.filter(pl.col("kind") == RING, pl.col("address") < 0)
        members = rings.group_by("address").agg(pl.col("customer").n_unique())

        assert 2 <= members["customer"].max() <= 6

    def test_sharing_alone_proves_nothing(self, year: Planned) -> None:
        together = pl.col("customer").n_unique().over("address") > 1
        accounts = year.orders.with_columns(together=together).unique("customer")

        assert (accounts.filter("together")["kind"] != RING).mean() > 0.7


class TestCountries:
    def test_customers_are_where_the_scenario_says(self, year: Planned) -> None:
        weights = year.plan.world.scenario.shop.countries
        accounts = year.orders.unique("customer")
        found = dict(accounts["country"].value_counts(normalize=True).iter_rows())

        for country, weight in weights.items():
            assert found[country] == pytest.approx(weight / sum(weights.values()), abs=0.02)

    def test_all_in_china_and_a_few_abroad_read_chinese(self, year: Planned) -> None:
        in_china = year.orders["country"] == "CN"

        assert year.orders.filter(in_china)["is_chinese"].all()
        assert 0.02 < year.orders.filter(~in_china)["is_chinese"].mean() < 0.12
