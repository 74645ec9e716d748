from datetime import timedelta
from typing import Any

from house import House
from service_shop import MAIL, problem


def eligible(house: House, language: str = "en") -> list[dict[str, Any]]:
    token = house.ask_token().json()["token"]
    answer = house.call(
        "storefront",
        "GET",
        "/v1/orders/A-1/eligibility",
        headers={"Retour-Customer": token, "Accept-Language": language},
    )
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["lines"]
    return told


class TestEligibility:
    def test_it_tells_per_line_what_may_come_back_and_how(self, house: House) -> None:
        house.begin(country="DE", email=MAIL)

        mug, pot = eligible(house)

        assert mug["units"] == 2
        assert [way["kind"] for way in mug["ways"]] == ["withdrawal", "return"]
        assert mug["ways"][0]["until"] == "2026-03-16T23:59:59.999999Z"  # if the pot came today
        assert "14 days" in mug["ways"][0]["latest_refund"]
        assert (pot["units"], pot["why_not"]) == (0, "This has not been delivered yet.")

    def test_the_law_counts_from_the_last_good_of_the_order(self, house: House) -> None:
        house.begin(country="DE", email=MAIL)
        pot = {"parcel": "2", "lines": [{"line_no": 2, "quantity": 1}]}
        assert house.put_parcel(delivered_at="2026-02-26T10:00:00Z", **pot).is_success

        lines = eligible(house)

        assert {each["ways"][0]["until"] for each in lines} == {"2026-03-12T23:59:59.999999Z"}

    def test_after_every_window_a_person_decides(self, house: House) -> None:
        house.begin(email=MAIL)
        house.clock.move_to(house.clock.now() + timedelta(days=60))

        (way,) = eligible(house)[0]["ways"]

        assert way["kind"] == "review"
        assert "decides within 24 hours" in " ".join(way["conditions"])

    def test_final_sales_say_why_they_cannot_come_back_in_the_readers_language(
        self, house: House
    ) -> None:
        line = {"line_no": 1, "sku": "MUG", "quantity": 3, "unit_price_minor": 1290}
        house.begin(lines=[{**line, "exclusion": "custom_made"}], email=MAIL)

        (mug,) = eligible(house, "zh-CN")

        assert "定制" in mug["why_not"]
        assert {reason for way in mug["ways"] for reason in way["reasons"]} <= {
            "defect",
            "damaged_in_transit",
            "not_as_described",
            "wrong_item",
            "arrived_late",
        }

    def test_it_is_the_customers_own_business(self, house: House) -> None:
        house.begin()

        answer = house.call("storefront", "GET", "/v1/orders/A-1/eligibility")

        problem(answer, 403, "customer-token-missing")
