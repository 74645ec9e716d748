"""A courier comes on a day on which the return still stands."""

import pytest
from house import House
from service_shop import problem


class TestThePickUpDay:
    def test_may_be_the_last_on_which_the_goods_can_be_sent(self, house: House) -> None:
        house.begin()
        assert house.look()["next"]["until"].startswith("2026-03-16")

        house.does("storefront", "shipment", method="pickup", pickup_day="2026-03-16")

        assert house.told("pickup.booked")[0]["day"] == "2026-03-16"

    @pytest.mark.parametrize("day", ["2026-03-17", "9999-12-31"])
    def test_is_refused_where_the_return_would_have_expired_before(
        self, house: House, day: str
    ) -> None:
        house.begin()

        refused = house.tries("storefront", "shipment", method="pickup", pickup_day=day)

        assert problem(refused, 422, "no-such-day")["detail"] == (
            f"pickup_day {day} is too late: the goods must be sent by 2026-03-16; choose that day or an earlier one"
        )
        assert "shipment.created" not in house.happened()

    def test_has_two_more_weeks_when_the_courier_came_in_vain(self, house: House) -> None:
        house.begin()
        house.does("storefront", "shipment", method="pickup", pickup_day="2026-03-10")
        house.wait(days=8).does("carrier", "pickup-failure", reason="courier_missed")

        house.does("storefront", "shipment", method="pickup", pickup_day="2026-03-24")

        assert len(house.told("pickup.booked")) == 2
