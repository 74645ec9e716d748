"""The end of the return window stands in the application, as policy and law had it then; the risk model sees the days to it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from house import DAY, House
from service_shop import ORDER

from service.platform.clock import from_us


@pytest.mark.parametrize(
    ("country", "days"),
    [("US", 30), ("DE", 30)],  # the shop's own window is longer than the law's
)
@pytest.mark.parametrize("ago", [3, 29, 40])
def test_an_application_says_until_when_it_could_be_made_and_how_many_days_are_left(
    house: House, country: str, days: int, ago: int
) -> None:
    delivered_at = house.clock.now() - ago * DAY
    placed_at = (delivered_at - DAY).isoformat()
    house.put_order("A-9", country=country, placed_at=placed_at).raise_for_status()
    for line_no, quantity in ((1, 3), (2, 1)):
        parcel = {"parcel": str(line_no), "lines": [{"line_no": line_no, "quantity": quantity}]}
        came = house.put_parcel("A-9", delivered_at=delivered_at.isoformat(), **parcel)
        came.raise_for_status()

    house.rma = house.apply(order_id="A-9").raise_for_status().json()["rma"]

    (asked,), (assessed,) = house.told("return.requested"), house.told("return.assessed")
    until = delivered_at + timedelta(days=days)
    assert from_us(asked["returnable_until_us"]) == until
    seen = {each["name"]: each["value"] for each in assessed["features"]}
    assert seen["window_days_left"] == (until - house.clock.now()) / DAY
    assert (seen["window_days_left"] < 0) == (ago > days)


def test_the_law_s_window_is_told_where_it_ends_later(house: House) -> None:
    """Fourteen days to their last day's end, in a shop that gives but one."""
    policy = house.retour.context.policy
    short = policy.window.model_copy(update={"days": 1})
    object.__setattr__(house.retour.context, "policy", policy.model_copy(update={"window": short}))
    house.begin(country="DE")

    (asked,) = house.told("return.requested")
    (assessed,) = house.told("return.assessed")
    left = {each["name"]: each["value"] for each in assessed["features"]}["window_days_left"]
    assert 1 < left < 15
    assert from_us(asked["returnable_until_us"]) - house.clock.now() == left * DAY


def test_while_some_of_the_order_is_still_to_come_the_law_s_days_have_not_begun(
    house: House,
) -> None:
    """A pot that comes forty days after the mugs: they can be withdrawn from until fourteen days after it."""
    house.put_order().raise_for_status()
    house.put_parcel().raise_for_status()
    mug = {"order_id": "A-1", "customer": ORDER["customer"]}
    mug |= {"lines": [{"line_no": 1, "quantity": 1}]}

    def withdraws() -> int:
        return house.call("storefront", "POST", "/v1/withdrawals", json=mug).status_code

    house.clock.move_to(house.clock.now() + 40 * DAY)
    assert withdraws() == 200

    pot = {"parcel": "2", "lines": [{"line_no": 2, "quantity": 1}]}
    came_at = house.clock.now()
    house.put_parcel(delivered_at=came_at.isoformat(), **pot).raise_for_status()
    house.clock.move_to(came_at + 14 * DAY)
    assert withdraws() == 200
    house.clock.move_to(came_at + 15 * DAY)
    assert withdraws() == 409


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        ("Asia/Shanghai", "2026-03-10T23:00:00+00:00"),  # Berlin's midnight
        ("America/New_York", "2026-03-11T04:00:00+00:00"),  # the shop's, already in summer time
    ],
)
def test_the_law_s_last_day_ends_where_it_ends_later_with_the_shop_or_with_the_customer(
    house: House, zone: str, ends: str
) -> None:
    object.__setattr__(house.retour.context, "zone", ZoneInfo(zone))
    house.put_order(lines=ORDER["lines"][:1]).raise_for_status()  # type: ignore[index]
    house.put_parcel().raise_for_status()
    wanted = {"order_id": "A-1", "customer": ORDER["customer"]}
    wanted |= {"lines": [{"line_no": 1, "quantity": 1}]}
    end = datetime.fromisoformat(ends)

    house.clock.move_to(end - timedelta(minutes=1))
    last_minute = house.call("storefront", "POST", "/v1/withdrawals", json=wanted)
    house.clock.move_to(end)
    too_late = house.call("storefront", "POST", "/v1/withdrawals", json=wanted)

    assert (last_minute.status_code, too_late.status_code) == (200, 409)
