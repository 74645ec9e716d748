"""Honest customers who look as if they were not: they return more, or otherwise, than ordinary ones."""

import numpy as np
import polars as pl
import pytest
from planned import Planned, planned

from simulator.kinds import ARCHETYPES, HABITS, HONEST, KINDS, Habits, Kind, reason_weights
from simulator.scenario import Scenario
from simulator.world import DAY_US


@pytest.fixture(scope="module")
def shop() -> Planned:
    return planned(Scenario(), days=120, orders_per_day=300)


def of_kind(frame: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    return frame.filter(kind=KINDS.index(kind))


def return_rate(shop: Planned, kind: Kind) -> float:
    return float(of_kind(shop.sold(), kind)["came_back"].mean())


def median_days(shop: Planned, kind: Kind) -> float:
    asked = of_kind(shop.requests, kind).join(shop.orders.drop("kind"), on="order")
    return float(((asked["requested_us"] - asked["delivered_us"]) / DAY_US).median())


class TestDecoys:
    @pytest.mark.parametrize("kind", HONEST)
    def test_no_honest_customer_ever_abuses(self, shop: Planned, kind: Kind) -> None:
        assert of_kind(shop.requests, kind).height > 200
        assert not of_kind(shop.requests, kind)["is_abusive"].any()

    def test_heavy_returners_send_back_twice_as_much(self, shop: Planned) -> None:
        assert return_rate(shop, "heavy") > 1.9 * return_rate(shop, "ordinary")

    def test_bracketers_order_several_sizes_and_send_most_back(self, shop: Planned) -> None:
        sold = of_kind(shop.sold(), "bracketer")
        orders = of_kind(shop.orders, "bracketer")

        assert orders["brackets"].mean() > 5 * of_kind(shop.orders, "ordinary")["brackets"].mean()
        assert sold.filter("brackets")["came_back"].mean() > 0.45
        assert return_rate(shop, "bracketer") > 1.9 * return_rate(shop, "ordinary")

    def test_sizes_of_one_style_are_what_brackets_means(self, shop: Planned) -> None:
        style = pl.Series(shop.plan.world.goods.style).gather(shop.lines["product"])
        most = shop.lines.with_columns(style=style).group_by("order", "style").agg(pl.col("product").n_unique())  # fmt: skip
        several = most.group_by("order").agg(several=pl.col("product").max() > 1)
        orders = shop.orders.join(several, on="order")

        assert orders.filter("brackets")["several"].mean() > 0.8
        assert orders.filter(~pl.col("brackets"))["several"].mean() < 0.03

    def test_newcomers_have_hardly_any_history(self, shop: Planned) -> None:
        orders = of_kind(shop.orders, "newcomer").group_by("customer").len()

        assert orders["len"].mean() < 1.6

    def test_gifts_come_back_later_and_more_often(self, shop: Planned) -> None:
        assert median_days(shop, "gift") > 1.8 * median_days(shop, "ordinary")
        assert return_rate(shop, "gift") > 1.2 * return_rate(shop, "ordinary")


class TestArchetypes:
    @pytest.mark.parametrize("kind", [each for each in ARCHETYPES if each != "not_received"])
    def test_each_abuses_some_and_returns_some_honestly(self, shop: Planned, kind: Kind) -> None:
        is_abusive = of_kind(shop.requests, kind)["is_abusive"]

        assert 0.3 < is_abusive.mean() < 0.95

    def test_who_says_that_nothing_came_sends_back_honestly_only(self, shop: Planned) -> None:
        claims = of_kind(shop.claims, "not_received")

        assert not of_kind(shop.requests, "not_received")["is_abusive"].any()
        assert claims.filter("is_abusive").height > 20
        assert not shop.claims.filter(pl.col("kind") != KINDS.index("not_received"))["is_abusive"].any()  # fmt: skip

    def test_who_counts_short_needs_several(self, shop: Planned) -> None:
        mine = shop.request_lines.filter("is_abused").join(of_kind(shop.requests, "short_count"), on="request")  # fmt: skip

        assert mine.height > 50
        assert mine["quantity"].min() >= 2
        assert (mine["missing"] >= 1).all()

    @pytest.mark.parametrize(
        ("kind", "contents"),
        [
            ("worn", {"worn"}),
            ("swapped", {"swapped"}),
            ("empty_box", {"missing"}),
            ("short_count", {"missing"}),
            ("false_defect", {"faultless"}),
            ("keep_item", {"faultless"}),
            ("ring", {"swapped", "worn", "missing"}),
        ],
    )
    def test_the_parcel_holds_what_the_archetype_is_called(
        self, shop: Planned, kind: Kind, contents: set[str]
    ) -> None:
        mine = shop.request_lines.filter("is_abused").join(of_kind(shop.requests, kind), on="request")  # fmt: skip

        assert set(mine["contents"]) == contents


class TestTable:
    @pytest.mark.parametrize("kind", KINDS)
    def test_shares_are_shares_and_reasons_add_up(self, kind: Kind) -> None:
        habits: Habits = HABITS[kind]
        shares = ("several_share", "bracket_share", "abuse_share", "shares_address", "shares_device")  # fmt: skip

        assert all(0 <= getattr(habits, name) < 1 for name in shares)
        assert (habits.abuse_share > 0) == (kind in ARCHETYPES)
        if habits.abusing:
            assert reason_weights(habits.abusing).sum() == pytest.approx(1)
            assert np.isfinite(reason_weights(habits.abusing)).all()
