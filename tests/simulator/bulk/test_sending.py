"""The way back of single returns, hour by hour."""

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from service.policies import default_policy
from simulator.bulk.applications import (
    Applications,
    application_lines,
    application_rows,
    applications,
    sales_of,
)
from simulator.bulk.sending import Journeys, send
from simulator.bulk.shop import NEVER, Shop, shop_of
from simulator.lives import METHODS
from simulator.plan import Plan
from simulator.scenario import Scenario
from simulator.world import HOUR_US

# Somebody who announces a pick-up, hands the parcel over after a day, and whom nothing befalls.
_USUAL: dict[str, Any] = {
    "request": 1,
    "sends": True,
    "send_hours": 24.0,
    "announces": True,
    "announce_hours": 2.0,
    "method": METHODS.index("pickup"),
    "pickup_fails": False,
    "is_scanned": True,
    "transit_hours": 48.0,
    "is_lost": False,
    "turns_up": False,
    "is_unreadable": False,
    "dock_hours": 1.0,
}
_FOUR_US = 16 * HOUR_US  # what falls on this hour stays there, however short the day


@pytest.fixture(scope="module")
def shop() -> Shop:
    """Open day and night, so that hours of work are hours."""
    scenario = Scenario.model_validate({"staff": {"opens": 0, "closes": 24, "weekend_share": 1.0}})
    plan = Plan(scenario, 7, 30, 20)
    return shop_of(plan.world, default_policy(), ZoneInfo("UTC"), 0)


@pytest.fixture(scope="module")
def someone() -> Applications:
    """One application, whoever's."""
    plan = Plan(Scenario(), 7, 30, 200)
    sales = sales_of([plan.day(0)])
    rows, lines = application_rows(plan.world, sales), application_lines(sales)
    return applications(rows, lines).some(np.array([0]))


def sent(shop: Shop, someone: Applications, *, comes: bool = True, **said: Any) -> dict[str, float]:
    """When what happens to a parcel that may be sent from four o’clock of the first day on, in hours after that."""
    columns = {name: pl.lit(value) for name, value in {**_USUAL, **said}.items()}
    asked = applications(
        someone.rows.with_columns(**columns), someone.lines.with_columns(request=columns["request"])
    )
    way = send(shop, asked, np.array([_FOUR_US]), np.array([comes]))
    return {
        name: (int(getattr(way, name)[0]) - _FOUR_US) / HOUR_US
        for name in Journeys.__dataclass_fields__
        if name.endswith("_us") and getattr(way, name)[0] < NEVER
    }


class TestSend:
    def test_usually_a_parcel_is_announced_handed_over_scanned_and_taken_in(
        self, shop: Shop, someone: Applications
    ) -> None:
        way = sent(shop, someone)

        assert way["announced_us"] == 2
        assert way["handover_us"] == way["picked_up_us"] == 24
        assert way["delivered_us"] == 72
        assert (
            way["parcel_us"]
            == way["received_us"]
            == pytest.approx(way["delivered_us"] + 1, abs=0.01)
        )
        assert way["inspection_due_us"] == way["delivered_us"] + 24
        assert not {"lost_us", "missing_us", "given_up_us", "expired_us", "in_transit_us"} & set(
            way
        )

    def test_who_never_sends_has_two_weeks(self, shop: Shop, someone: Applications) -> None:
        assert sent(shop, someone, sends=False) == {"expired_us": 336}

    def test_what_the_customer_keeps_is_not_waited_for(
        self, shop: Shop, someone: Applications
    ) -> None:
        assert sent(shop, someone, comes=False) == {}

    def test_a_courier_who_comes_in_vain_gives_the_customer_two_more_weeks(
        self, shop: Shop, someone: Applications
    ) -> None:
        """Nobody scans it, so it is first seen at the dock, later than two weeks after it was authorized."""
        way = sent(
            shop, someone, pickup_fails=True, send_hours=300.0, transit_hours=60.0, is_scanned=False
        )

        assert way["pickup_failed_us"] >= 300
        assert way["announced_again_us"] == way["pickup_failed_us"] + 5
        assert way["handover_us"] == way["pickup_failed_us"] + 26
        assert 336 < way["received_us"] < way["pickup_failed_us"] + 336
        assert "expired_us" not in way

    def test_a_courier_who_would_come_too_late_is_not_booked(
        self, shop: Shop, someone: Applications
    ) -> None:
        by_foot = sent(shop, someone, send_hours=400.0, method=METHODS.index("drop_off"))
        by_courier = sent(shop, someone, send_hours=400.0)

        assert by_foot["announced_us"] == 2
        assert "announced_us" not in by_courier
        assert by_courier["expired_us"] == 336

    def test_what_comes_too_late_has_expired_before(
        self, shop: Shop, someone: Applications
    ) -> None:
        way = sent(shop, someone, send_hours=360.0)

        assert way["expired_us"] == 336
        assert way["received_us"] > way["picked_up_us"] == 360

    def test_what_gets_lost_is_searched_for_and_given_up_even_if_it_turns_up_in_the_end(
        self, shop: Shop, someone: Applications
    ) -> None:
        lost = sent(shop, someone, is_lost=True)
        found = sent(shop, someone, is_lost=True, turns_up=True)

        assert lost["lost_us"] == lost["picked_up_us"] + 240
        assert lost["given_up_us"] == lost["lost_us"] + 72
        assert "received_us" not in lost
        assert found["received_us"] >= found["handover_us"] + 22 * 24
        assert found["inspection_due_us"] == found["received_us"] + 24

    def test_what_was_delivered_but_is_not_found_at_the_dock_is_missing(
        self, shop: Shop, someone: Applications
    ) -> None:
        way = sent(shop, someone, dock_hours=30.0)

        assert way["missing_us"] == way["delivered_us"] + 24
        assert way["received_us"] > way["missing_us"]
        assert way["inspection_due_us"] == way["received_us"] + 24
        assert "given_up_us" not in way

    def test_a_label_that_nobody_can_read_costs_time(
        self, shop: Shop, someone: Applications
    ) -> None:
        way = sent(shop, someone, is_unreadable=True)

        assert way["received_us"] > way["parcel_us"]

    def test_one_in_three_is_scanned_halfway(self, shop: Shop, someone: Applications) -> None:
        seen = [sent(shop, someone, request=number) for number in range(6)]

        halfway = [each for each in seen if "in_transit_us" in each]
        assert len(halfway) == 2
        for way in halfway:
            half = (way["picked_up_us"] + way["delivered_us"]) / 2
            assert way["in_transit_us"] == pytest.approx(half, abs=0.01)
