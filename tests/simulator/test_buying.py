import numpy as np
import polars as pl
import pytest
from planned import HONEST, UNDISTURBED, Planned, planned, within

from simulator.goods import CATEGORIES
from simulator.scenario import Demand, Faults, Scenario

FLAT = Demand(weekend_factor=1.0, yearly_growth=0.0, promotions_a_year=0)


def sold_by_day(shop: Planned) -> np.ndarray:
    return np.array([day.orders.height for day in shop.days])


class TestDemand:
    def test_as_much_is_ordered_as_was_asked_for(self) -> None:
        shop = planned(Scenario(demand=FLAT), days=50, orders_per_day=150)

        assert within(shop.orders.height, 50 * 150)

    def test_more_is_ordered_at_weekends(self) -> None:
        sold = sold_by_day(planned(HONEST.model_copy(update={"demand": FLAT.model_copy(update={"weekend_factor": 1.5})}), days=70))  # fmt: skip
        is_weekend = np.arange(70) % 7 >= 5

        assert sold[is_weekend].mean() / sold[~is_weekend].mean() == pytest.approx(1.5, rel=0.06)

    def test_a_shop_grows_over_a_year(self) -> None:
        demand = FLAT.model_copy(update={"yearly_growth": 1.0})
        sold = sold_by_day(planned(Scenario(demand=demand), days=365, orders_per_day=40))

        assert sold[-60:].mean() / sold[:60].mean() == pytest.approx(2 ** (305 / 365), rel=0.08)

    def test_a_promotion_lifts_sales_on_its_days_and_cuts_prices(self) -> None:
        demand = FLAT.model_copy(update={"promotions_a_year": 20, "promotion_discount": 0.3})
        shop = planned(Scenario(demand=demand), days=120)
        is_promoted = np.array([shop.plan.world.is_promoted(day) for day in range(120)])
        sold = sold_by_day(shop)
        lines = shop.lines.join(shop.orders.select("order", "is_discounted"), on="order")
        paid = lines["discount_minor"].sum() / (lines["price_minor"] * lines["quantity"]).sum()

        assert 10 < is_promoted.sum() < 90
        assert sold[is_promoted].mean() / sold[~is_promoted].mean() == pytest.approx(1.8, rel=0.06)
        assert all(shop.days[day].orders["is_discounted"].all() for day in np.flatnonzero(is_promoted))  # fmt: skip
        assert paid == pytest.approx(0.3 * lines["is_discounted"].mean(), rel=0.1)
        assert (lines.filter(~pl.col("is_discounted"))["discount_minor"] == 0).all()


class TestProducts:
    def test_nothing_is_sold_before_it_is_launched_and_then_it_is(self) -> None:
        shop = planned(Scenario(faults=Faults(launched_share=0.5)), days=90, orders_per_day=300)
        goods = shop.plan.world.goods
        first = dict(shop.sold().group_by("product").agg(pl.col("day").min()).iter_rows())
        launched = np.flatnonzero(goods.launch_day > 0)

        assert len(launched) > 100
        assert all(first.get(each, 90) >= goods.launch_day[each] for each in launched)
        assert np.mean([each in first for each in launched]) > 0.8

    def test_each_category_sells_most_in_its_season(self) -> None:
        scenario = Scenario(demand=FLAT, faults=UNDISTURBED)
        sold = planned(scenario, days=365, orders_per_day=150).sold()
        by_day = np.zeros((365, len(CATEGORIES)))
        np.add.at(by_day, (sold["day"].to_numpy(), sold["category"].to_numpy()), 1)
        parts = by_day / by_day.sum(axis=1, keepdims=True)

        for place, category in enumerate(CATEGORIES):
            around = (np.arange(-30, 31) + category.season) % 365
            best, worst = parts[around, place].mean(), parts[(around + 182) % 365, place].mean()
            assert 1 < best / worst < 2.2 * np.exp(2 * category.swing)
            if category.swing >= 0.5:
                assert best / worst > np.exp(category.swing)

    def test_what_is_out_of_stock_is_not_sold_for_some_days(self) -> None:
        scenario = Scenario(demand=Demand(stock_out_share=0.3), faults=UNDISTURBED)
        shop = planned(scenario, days=8, orders_per_day=400)
        world = shop.plan.world

        for day in shop.days:
            assert world.is_there(day.day)[day.lines["product"].to_numpy()].all()
        assert world.is_there(3).mean() == pytest.approx(0.7, abs=0.1)
        assert np.array_equal(world.is_there(4), world.is_there(7))

    def test_prices_are_in_the_currency_of_the_country(self) -> None:
        shop = planned(Scenario(), days=5)
        euro = pl.Series(shop.plan.world.goods.price_minor).gather(shop.lines["product"])
        lines = shop.lines.with_columns(rate=shop.lines["price_minor"] / euro).join(
            shop.orders, on="order"
        )
        rates = dict(lines.group_by("currency").agg(pl.col("rate").median()).iter_rows())

        assert rates == pytest.approx({"EUR": 1.0, "CNY": 7.8, "USD": 1.1, "GBP": 0.86}, abs=0.01)


class TestDelivery:
    def test_as_many_are_late_or_never_come_as_the_scenario_says(self) -> None:
        demand = Demand(delivery_late_share=0.2, never_delivered_share=0.05)
        orders = planned(Scenario(demand=demand), days=40).orders
        came = orders.filter(pl.col("delivered_us") >= 0)
        days = (came["delivered_us"] - came["placed_us"]) / 86_400_000_000

        assert within(orders.height - came.height, 0.05 * orders.height)
        assert (days > 9).mean() == pytest.approx(0.2 * 0.6, abs=0.05)
        assert days.min() > 0.2

    def test_it_takes_longer_to_america_than_within_china(self) -> None:
        orders = planned(Scenario(), days=20).orders.filter(pl.col("delivered_us") >= 0)
        days = (pl.col("delivered_us") - pl.col("placed_us")) / 86_400_000_000
        median = dict(orders.group_by("country").agg(days.median()).iter_rows())

        assert median["CN"] < median["DE"] < median["US"]
