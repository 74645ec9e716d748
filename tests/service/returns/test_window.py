"""The end of the return window stands in the application, as policy and law had it then; the risk model sees the days to it."""

from datetime import timedelta

import pytest
from house import DAY, House

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
    house.put_parcel("A-9", delivered_at=delivered_at.isoformat()).raise_for_status()

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
