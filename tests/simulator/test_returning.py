import numpy as np
import polars as pl
import pytest
from planned import HONEST, UNDISTURBED, Planned, planned, within

from simulator.goods import CATEGORIES
from simulator.kinds import KINDS
from simulator.scenario import Abuse, Demand, Faults, Returns, Scenario
from simulator.world import DAY_US, HOUR_US

FAULTY = UNDISTURBED.model_copy(update={"faulty_share": 0.4, "ending_share": 0.5})
DAYS = 150


def of_goods(faults: Faults, **how: float) -> Planned:
    """An honest shop with these faults: with the same seed the same orders, whatever comes back."""
    scenario = HONEST.model_copy(update={"faults": faults})
    return planned(scenario, days=DAYS, orders_per_day=250)


def with_faults(sold: pl.DataFrame, shop: Planned) -> pl.DataFrame:
    """What was sold, with what is wrong with it on its day (`multiplier`, 1 where nothing is)."""
    goods, product, day = shop.plan.world.goods, sold["product"].to_numpy(), sold["day"].to_numpy()
    is_faulty = (goods.fault_from[product] <= day) & (day < goods.fault_end[product])
    has_sizes = np.array([bool(each.sizes) for each in CATEGORIES])
    return sold.with_columns(
        multiplier=np.where(is_faulty, goods.fault_factor[product], 1.0),
        is_faulty=is_faulty,
        has_sizes=has_sizes[goods.category[product]],
        fault_reason=pl.Series([truth.reason if truth else None for truth in goods.fault]).gather(product),
    )  # fmt: skip


@pytest.fixture(scope="module")
def faulty() -> Planned:
    return of_goods(FAULTY)


@pytest.fixture(scope="module")
def twins(faulty: Planned) -> pl.DataFrame:
    """Every line that was sold in a faulty shop, and whether it came back in its twin without faults (`would`)."""
    sound = of_goods(FAULTY.model_copy(update={"multiplier_low": 1.0, "multiplier_high": 1.0}))
    would = sound.sold().select("order", "line_no", "product", would="came_back")
    return with_faults(faulty.sold(), faulty).join(would, on=["order", "line_no", "product"])


class TestFaults:
    def test_the_twins_sell_the_same(self, faulty: Planned, twins: pl.DataFrame) -> None:
        assert twins.height == faulty.sold().height

    def test_nothing_else_comes_back_before_the_onset_or_after_the_end(
        self, twins: pl.DataFrame
    ) -> None:
        sound = twins.filter(~pl.col("is_faulty"))

        assert sound["came_back"].sum() > 1000
        assert (sound["came_back"] == sound["would"]).all()

    def test_a_faulty_product_comes_back_so_many_times_as_often(self, twins: pl.DataFrame) -> None:
        hit = twins.filter("is_faulty", ~pl.col("has_sizes"))
        expected = (hit["would"] * hit["multiplier"]).sum()

        assert expected > 500
        assert within(hit["came_back"].sum(), expected, spread=2.0)
        assert hit["came_back"].sum() / hit["would"].sum() == pytest.approx(2.55, abs=0.3)

    def test_what_is_tried_on_comes_back_anyway_and_less_can_be_added(
        self, twins: pl.DataFrame
    ) -> None:
        hit = twins.filter("is_faulty", "has_sizes")
        expected = (hit["would"] * hit["multiplier"]).sum()

        assert 0.7 * expected < hit["came_back"].sum() < expected

    def test_its_own_reason_is_why(self, twins: pl.DataFrame) -> None:
        back = twins.filter("came_back", pl.col("fault_reason").is_not_null())
        is_own = back.select((pl.col("cause") == pl.col("fault_reason")).alias("own"), (pl.col("reason") == pl.col("fault_reason")).alias("said"), "is_faulty")  # fmt: skip
        hit, sound = is_own.filter("is_faulty"), is_own.filter(~pl.col("is_faulty"))

        assert hit["own"].mean() > 0.6 > 0.4 > sound["own"].mean()
        assert hit["own"].mean() > hit["said"].mean() > sound["said"].mean() + 0.15

    def test_all_of_what_is_added_has_its_reason(self, twins: pl.DataFrame) -> None:
        added = twins.filter("came_back", ~pl.col("would"))
        is_own = (added["cause"] == added["fault_reason"]).mean()

        assert added.height > 500
        assert (
            is_own > 0.5
        )  # the rest would have come back for something else, had the draw been so


class TestDecoys:
    def test_what_always_comes_back_a_lot_does_so_from_the_first_day_on(self) -> None:
        shop = of_goods(UNDISTURBED.model_copy(update={"always_high_share": 0.2}))
        is_high = shop.plan.world.goods.rate_factor >= 2
        sold = shop.sold().with_columns(
            is_high=pl.Series(is_high).gather(shop.sold()["product"])
        ).filter(pl.col("category").is_in([2, 3, 4, 5, 6, 7]))  # fmt: skip

        for part in (pl.col("day") < 30, pl.col("day") >= DAYS - 30):
            rates = dict(sold.filter(part).group_by("is_high").agg(pl.col("came_back").mean()).iter_rows())  # fmt: skip
            assert 1.7 < rates[True] / rates[False] < 3.3

    def test_a_shock_hits_its_whole_category_and_ends(self) -> None:
        faults = UNDISTURBED.model_copy(update={"shocks_a_year": 12, "shock_factor": 2.0})
        calm = of_goods(faults.model_copy(update={"shock_factor": 1.0})).sold()
        shop = of_goods(faults)
        both = shop.sold().join(calm.select("order", "line_no", would="came_back"), on=["order", "line_no"])  # fmt: skip
        shocks = shop.plan.world.goods.shocks
        is_shaken = pl.any_horizontal(
            (pl.col("category") == each.category)
            & pl.col("day").is_between(each.from_day, each.end_day, closed="left")
            for each in shocks
        )
        shaken, still = both.filter(is_shaken), both.filter(~is_shaken)
        untried = shaken.filter(~pl.col("brackets"))

        assert len(shocks) >= 2
        assert (still["came_back"] == still["would"]).all()
        assert 1.6 < untried["came_back"].sum() / untried["would"].sum() < 2.4


class TestReasons:
    @pytest.mark.parametrize("share", [0.0, 0.33, 1.0])
    def test_as_many_honest_customers_say_a_wrong_reason_as_the_scenario_says(
        self, share: float
    ) -> None:
        scenario = HONEST.model_copy(update={"returns": Returns(wrong_reason_share=share)})
        lines = planned(scenario, days=40).request_lines
        wrong = (lines["reason"] != lines["cause"]).sum()

        assert within(wrong, share * lines.height)

    def test_abusers_say_what_serves_them(self) -> None:
        shop = planned(Scenario(abuse=Abuse(share=0.2)), days=60)
        lines = shop.request_lines.filter("is_abused").join(shop.requests, on="request")
        said = set(lines.filter(kind=KINDS.index("false_defect"))["reason"])

        assert said == {"defect", "damaged_in_transit", "not_as_described"}


class TestMoments:
    def test_nobody_applies_within_an_hour_of_the_delivery(self) -> None:
        abuse = Abuse(share=0.4, archetypes={"keep_item": 1.0})  # nobody is in a greater hurry
        shop = planned(Scenario(abuse=abuse), seed=7, days=40, orders_per_day=300)
        asked = shop.requests.join(shop.orders, on="order")
        hours = (asked["requested_us"] - asked["delivered_us"]) / HOUR_US

        assert hours.min() >= 1
        assert 48 < hours.median() < 144

    def test_few_apply_at_night(self) -> None:
        requests = planned(HONEST, days=30).requests
        is_night = requests["requested_us"] % DAY_US < 6 * HOUR_US

        assert is_night.mean() == pytest.approx(0.1, abs=0.03)


class TestRates:
    def test_more_comes_back_where_the_scenario_says_so(self) -> None:
        once, twice = (
            planned(HONEST.model_copy(update={"returns": Returns(rate_factor=factor)}), days=40)
            for factor in (0.5, 1.0)
        )
        untried = [shop.sold().filter(~pl.col("brackets"), pl.col("category") > 1)["came_back"].sum() for shop in (once, twice)]  # fmt: skip

        assert untried[1] / untried[0] == pytest.approx(2.0, rel=0.15)

    def test_what_comes_late_or_was_cheap_comes_back_more(self) -> None:
        demand = Demand(delivery_late_share=0.4)
        shop = planned(HONEST.model_copy(update={"demand": demand}), days=60)
        lines = shop.request_lines

        assert (lines["cause"] == "arrived_late").mean() > 0.1


class TestClaims:
    def test_who_got_nothing_says_so_long_after_it_was_due(self) -> None:
        shop = planned(
            HONEST.model_copy(update={"demand": Demand(never_delivered_share=0.1)}), days=30
        )
        claims = shop.claims.join(shop.orders, on="order", suffix="_order")
        lost = (shop.orders["delivered_us"] < 0).sum()

        assert within(claims.height, 0.8 * lost)
        assert ((claims["claimed_us"] - claims["placed_us"]) / DAY_US).is_between(12, 18).all()
        assert not claims["is_abusive"].any()

    def test_who_lies_says_so_soon_after_it_came(self) -> None:
        abuse = Abuse(share=0.2, archetypes={"not_received": 1.0})
        shop = planned(Scenario(abuse=abuse), days=30)
        lies = shop.claims.filter("is_abusive").join(shop.orders, on="order", suffix="_order")

        assert lies.height > 50
        assert ((lies["claimed_us"] - lies["delivered_us"]) / DAY_US).is_between(1, 5).all()
