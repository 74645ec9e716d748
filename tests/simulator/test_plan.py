import tracemalloc
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from planned import HONEST, Planned, in_one_piece, planned, within
from polars.testing import assert_frame_equal

from simulator.kinds import ARCHETYPES, HABITS, KINDS
from simulator.people import CURRENCIES
from simulator.plan import DayPlan, Plan
from simulator.returning import manners, pretexts
from simulator.scenario import Abuse, Archetype, Demand, Faults, Returns, Scenario, Shop
from simulator.world import DAY_US, HOUR_US

FRAMES = ("orders", "lines", "requests", "request_lines", "claims")
shares = st.floats(0, 1)
archetypes = st.one_of(
    st.sampled_from(ARCHETYPES).map(lambda one: {one: 1.0}),
    st.dictionaries(st.sampled_from(ARCHETYPES), st.floats(0.1, 10), min_size=2),
)
scenarios = st.builds(
    Scenario,
    shop=st.builds(
        Shop,
        products=st.integers(20, 120),
        countries=st.dictionaries(
            st.sampled_from(["CN", "DE", "US", "GB", "JP"]), st.floats(0.1, 10), min_size=1
        ),
    ),
    demand=st.builds(
        Demand,
        new_customer_share=shares,
        stock_out_share=shares,
        delivery_late_share=shares,
        never_delivered_share=shares,
        promotion_discount=shares,
        promotions_a_year=st.integers(0, 52),
        yearly_growth=st.floats(-0.9, 10),
    ),
    returns=st.builds(
        Returns,
        rate_factor=st.floats(0.01, 100),
        withdrawal_share=shares,
        wrong_reason_share=shares,
    ),
    abuse=st.builds(
        Abuse,
        share=st.floats(0, 0.5),
        archetypes=archetypes,
        late=st.none() | st.sampled_from(ARCHETYPES),
        late_from=shares,
        adapting=st.none() | st.sampled_from(ARCHETYPES),
    ),
    faults=st.builds(Faults, faulty_share=shares, always_high_share=shares, launched_share=shares),
)


class TestSeed:
    def test_the_same_seed_plans_the_same_and_another_one_something_else(self) -> None:
        first, again, other = (
            planned(Scenario(), seed=seed, days=5, orders_per_day=40) for seed in (3, 3, 4)
        )

        for name in FRAMES:
            assert_frame_equal(getattr(first, name), getattr(again, name))
        for name in FRAMES[:4]:
            assert not getattr(first, name).equals(getattr(other, name))

    def test_a_plan_with_evidence_is_the_same_plan(self) -> None:
        plain, weighed = (
            planned(Scenario(), days=5, orders_per_day=60, with_evidence=each)
            for each in (False, True)
        )

        for name in FRAMES:
            assert_frame_equal(getattr(plain, name), getattr(weighed, name))


class TestDays:
    @settings(max_examples=25)
    @given(
        scenario=scenarios,
        seed=st.integers(0, 1000),
        days=st.integers(1, 12),
        orders_per_day=st.floats(0.5, 30),
    )
    def test_everything_refers_to_what_is_there(
        self, scenario: Scenario, seed: int, days: int, orders_per_day: float
    ) -> None:
        plan = Plan(scenario, seed, days, orders_per_day, with_evidence=True)
        orders = requests = 0
        for day in plan:
            assert day.orders["order"].to_list() == list(range(orders, orders + day.orders.height))
            assert day.requests["request"].to_list() == list(
                range(requests, requests + day.requests.height)
            )
            check_orders(plan, day)
            check_requests(day)
            check_claims(day)
            check_numbers(day)
            orders, requests = orders + day.orders.height, requests + day.requests.height

    def test_one_order_a_day_is_a_shop_too(self) -> None:
        shop = planned(Scenario(shop=Shop(products=20)), days=100, orders_per_day=1)

        assert within(shop.orders.height, 100, spread=1.5)
        assert shop.requests.height > 5

    def test_nothing_is_ordered_while_nothing_is_to_be_had(self) -> None:
        empty = Scenario(demand=Demand(stock_out_share=1.0))

        assert planned(empty, days=10, orders_per_day=20).orders.height == 0

    def test_memory_does_not_grow_with_the_days(self) -> None:
        plan = Plan(Scenario(), 1, 80, 40)
        tracemalloc.start()
        try:
            held = [tracemalloc.get_traced_memory()[0] for day in range(80) if plan.day(day)]
        finally:
            tracemalloc.stop()

        assert held[-1] < 1.1 * held[10] + 100_000


def check_orders(plan: Plan, day: DayPlan) -> None:
    orders, lines = day.orders, day.lines
    assert lines["order"].unique().sort().to_list() == orders["order"].to_list()
    counted = pl.col("line_no").cum_count().over("order")
    assert lines.select((counted == pl.col("line_no")).all()).item()
    assert lines["line_no"].max() is None or lines["line_no"].max() <= 6
    assert lines["product"].is_between(0, len(plan.world.goods), closed="left").all()
    assert lines["quantity"].is_between(1, 3).all()
    assert lines["parcel"].is_between(1, 2).all()
    assert (lines["price_minor"] > 0).all()
    assert (lines["discount_minor"] >= 0).all()
    assert (lines["discount_minor"] <= lines["price_minor"] * lines["quantity"]).all()
    assert (orders["shipping_minor"] >= 0).all()
    delivered = orders.filter(pl.col("delivered_us") >= 0)
    assert (delivered["delivered_us"] > delivered["placed_us"]).all()
    assert orders["country"].is_in(plan.world.countries).all()
    euro = [CURRENCIES.get(each, "EUR") for each in orders["country"]]
    assert orders["currency"].to_list() == euro


def check_requests(day: DayPlan) -> None:
    requests = day.requests.join(day.orders, on="order", how="left")
    assert requests["order"].is_unique().all()
    assert requests["customer"].to_list() == requests["customer_right"].to_list()
    assert (requests["delivered_us"] >= 0).all()
    assert (requests["requested_us"] >= requests["delivered_us"] + HOUR_US).all()
    lines = day.request_lines
    assert lines["request"].unique().sort().to_list() == day.requests["request"].to_list()
    assert lines.select(pl.struct("order", "order_line_no").is_unique().all()).item()
    bought = lines.join(
        day.lines,
        left_on=["order", "order_line_no"],
        right_on=["order", "line_no"],
        how="left",
        suffix="_bought",
    )
    assert bought["product"].to_list() == bought["product_bought"].to_list()
    assert (bought["quantity"] >= 1).all()
    assert (bought["quantity"] <= bought["quantity_bought"]).all()
    assert (lines["missing"] <= lines["quantity"]).all()
    assert ((lines["missing"] > 0) == (lines["contents"] == "missing")).all()
    abused = lines.group_by("request", maintain_order=True).agg(pl.col("is_abused").any())
    assert abused["is_abused"].to_list() == day.requests["is_abusive"].to_list()
    asked = lines.join(day.requests.select("request", of_order="order"), on="request")
    assert asked["order"].to_list() == asked["of_order"].to_list()


def check_claims(day: DayPlan) -> None:
    claims = day.claims.join(day.orders, on="order", how="left", suffix="_order")
    came = claims["delivered_us"] >= 0
    assert (claims["is_abusive"] == came).all()
    assert (claims["claimed_us"] > claims["placed_us"]).all()
    assert (claims["claimed_us"] > claims["delivered_us"]).all()
    assert (claims.filter("is_abusive")["kind"] == KINDS.index("not_received")).all()


def check_numbers(day: DayPlan) -> None:
    for name in FRAMES:
        frame: pl.DataFrame = getattr(day, name)
        optional = ["exclusion"] if name == "lines" else []
        assert frame.drop(optional).null_count().sum_horizontal().sum() == 0
        floats = frame.select(pl.col(pl.Float64))
        assert all(floats[column].is_finite().all() for column in floats.columns)
    assert day.evidence is not None
    for rows in (
        day.evidence.orders,
        day.evidence.silence,
        day.evidence.honest,
        day.evidence.abusive,
    ):
        assert not np.isnan(rows).any()


def abusive_by_kind(shop: Planned) -> NDArray[np.int64]:
    """How many abusive applications each kind made, and who says that nothing came how many claims."""
    abusive = pl.concat(
        [shop.requests.select("kind", "is_abusive"), shop.claims.select("kind", "is_abusive")]
    )
    return np.bincount(abusive.filter("is_abusive")["kind"].to_numpy(), minlength=len(KINDS))


class TestAbuse:
    @pytest.mark.parametrize("share", [0.03, 0.09, 0.15])
    def test_as_many_returns_are_abusive_as_the_scenario_says(self, share: float) -> None:
        shops = [
            planned(Scenario(abuse=Abuse(share=share)), seed=seed, days=90, orders_per_day=250)
            for seed in (1, 2, 3)
        ]
        requests = pl.concat([shop.requests for shop in shops])

        # Abusers come back: their applications are no independent draws.
        assert within(requests["is_abusive"].sum(), share * requests.height, spread=2.0)
        assert requests["is_abusive"].mean() == pytest.approx(share, rel=0.1)

    def test_archetypes_have_the_parts_that_their_weights_say(self) -> None:
        weights: dict[Archetype, float] = {"worn": 4, "swapped": 2, "not_received": 1, "ring": 2, "keep_item": 1}  # fmt: skip
        abuse = Abuse(share=0.15, archetypes=weights)
        counts = sum(
            abusive_by_kind(planned(Scenario(abuse=abuse), seed=seed, days=80, orders_per_day=250))
            for seed in (1, 2, 3)
        )

        for place, kind in enumerate(KINDS):
            expected = counts.sum() * weights.get(kind, 0) / 10
            assert within(counts[place], expected, spread=3.0)
            assert (counts[place] == 0) == (expected == 0)

    @pytest.mark.parametrize("archetype", ARCHETYPES)
    def test_one_archetype_can_have_it_all(self, archetype: Archetype) -> None:
        abuse = Abuse(share=0.09, archetypes={archetype: 1.0})
        shop = planned(Scenario(abuse=abuse), days=60, orders_per_day=200)
        counts = abusive_by_kind(shop)

        assert counts.sum() == counts[KINDS.index(archetype)]
        assert counts.sum() == pytest.approx(0.09 * shop.requests.height, rel=0.25)

    def test_nobody_abuses_where_the_share_is_nothing(self) -> None:
        assert abusive_by_kind(planned(HONEST, days=20)).sum() == 0

    def test_a_late_archetype_stays_away_before_its_day_and_the_total_is_right_all_the_same(
        self,
    ) -> None:
        abuse = Abuse(share=0.12, archetypes={"worn": 1, "ring": 1}, late="ring", late_from=0.6)
        shops = [
            planned(Scenario(abuse=abuse), seed=seed, days=100, orders_per_day=150)
            for seed in (1, 2, 3)
        ]
        early, late = (
            sum(abusive_by_kind(in_one_piece(shop.plan, shop.days[part])) for shop in shops)
            for part in (slice(0, 60), slice(60, None))
        )
        ring, worn = KINDS.index("ring"), KINDS.index("worn")

        assert early[ring] == 0 < early[worn]
        assert late[ring] == pytest.approx(early[worn] + late[worn], rel=0.2)
        assert (early + late).sum() == pytest.approx(
            0.12 * sum(shop.requests.height for shop in shops), rel=0.1
        )


def learned(*got_through: float) -> Plan:
    plan = Plan(Scenario(abuse=Abuse(share=0.3, adapting="swapped")), 1, 60, 150)
    for share in got_through:
        plan.learn(share)
    return plan


class TestLearn:
    def test_they_get_careful_while_they_are_caught_and_bolder_while_they_are_not(self) -> None:
        caution = [learned(*[0.1] * times).world.caution for times in range(8)]

        assert caution == sorted(caution)
        assert (caution[0], caution[-1]) == (0, 1)
        assert learned(0.1, 0.1, 0.9).world.caution < caution[2]
        assert learned(0.9).world.caution == 0

    def test_only_those_who_adapt_change_their_ways(self) -> None:
        bold, careful = learned().world, learned(*[0.0] * 4).world
        others = [place for place in range(len(KINDS)) if place != KINDS.index("swapped")]

        assert np.array_equal(bold.pick_weights(9)[others], careful.pick_weights(9)[others])
        assert np.array_equal(pretexts(bold)[others], pretexts(careful)[others])
        for before, after in zip(manners(bold), manners(careful), strict=True):
            assert np.array_equal(before[:, others], after[:, others])

    def test_who_adapts_looks_more_and_more_like_the_honest(self) -> None:
        bold, careful = (manner_of("swapped", learned(*[0.0] * times)) for times in (0, 4))
        usual = HABITS["ordinary"].applying

        assert careful.dearness < bold.dearness / 2
        assert careful.days < bold.days
        assert careful.days == pytest.approx(usual.median_days, rel=0.15)
        assert careful.at_night < 0.8 * bold.at_night
        assert careful.oddity < 0.7 * bold.oddity

    def test_the_share_of_abuse_stays(self) -> None:
        requests = pl.concat([day.requests for day in learned(*[0.0] * 4)])

        assert requests["is_abusive"].mean() == pytest.approx(0.3, rel=0.1)


class Manner(NamedTuple):
    """How an archetype's abuse looks: how dear the goods are, when it comes, how far the reasons are from what is true."""

    dearness: float
    days: float
    at_night: float
    oddity: float


def manner_of(archetype: Archetype, plan: Plan) -> Manner:
    shop = in_one_piece(plan, list(plan))
    kind = KINDS.index(archetype)
    requests = shop.requests.join(shop.orders.select("order", "delivered_us"), on="order")
    lines = shop.request_lines.join(requests.select("request", "kind"), on="request")
    mine = requests.filter(pl.col("is_abusive"), kind=kind)
    abused = lines.filter(pl.col("is_abused"), kind=kind)
    said = abused["reason"].value_counts(normalize=True)
    causes = lines.filter(~pl.col("is_abused"))["cause"].value_counts(normalize=True)
    both = causes.join(said, left_on="cause", right_on="reason", how="left", suffix="_said")
    return Manner(
        dearness=float(plan.world.level[abused["product"].to_numpy()].mean()),
        days=float(((mine["requested_us"] - mine["delivered_us"]) / DAY_US).median()),
        at_night=float((mine["requested_us"] % DAY_US < 6 * HOUR_US).mean()),
        oddity=float((both["proportion"] - both["proportion_said"].fill_null(0)).abs().sum()),
    )
