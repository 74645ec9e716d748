from typing import Any

import pytest
from house import House
from service_shop import ORDER, problem


def bring_up(house: House, kind: str = "complaint", **about: Any) -> str:
    body = {"kind": kind, "rma": house.rma, "text": "Anna is not content", **about}
    token = {"Retour-Customer": house.token}
    answer = house.call("storefront", "POST", "/v1/cases", json=body, headers=token)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_id"])


def case(house: House, case_id: str) -> dict[str, Any]:
    told: dict[str, Any] = house.call("after_sales", "GET", f"/v1/cases/{case_id}").json()
    return told


def hire(house: House, staff_id: str, role: str = "after_sales") -> None:
    body = {"role": role, "name": "Li", "languages": ["en", "zh"], "capacity": 5, "is_active": True}
    assert house.call("admin", "PUT", f"/v1/staff/{staff_id}", json=body).is_success


class TestCases:
    def test_a_complaint_has_an_owner_a_clock_and_its_words_in_the_erasable_store(
        self, house: House
    ) -> None:
        hire(house, "s-1")
        house.begin()

        opened = case(house, bring_up(house))

        assert (opened["owner_role"], opened["owner"]) == ("after_sales", "s-1")
        assert opened["due_at"] > opened["opened_at"]
        text = house.call("after_sales", "GET", f"/v1/texts/{opened['text_ref']}").json()
        assert "not content" in str(text)
        assert not any("content" in event.data for event in house.retour.read_log(0, 1000))

    def test_when_its_time_is_over_the_head_has_it(self, house: House) -> None:
        house.begin()
        case_id = bring_up(house)

        house.wait(hours=49)

        assert case(house, case_id)["owner_role"] == "admin"
        house.wait(hours=49)
        assert case(house, case_id)["closed_at"] is None

    def test_a_danger_is_the_heads_at_once_and_due_within_hours(self, house: House) -> None:
        house.begin()

        opened = case(house, bring_up(house, "safety"))

        assert opened["owner_role"] == "admin"
        assert opened["due_at"][:10] == opened["opened_at"][:10]

    def test_it_ends_once_in_one_of_the_ways_that_its_kind_can(self, house: House) -> None:
        house.begin()
        path = f"/v1/cases/{bring_up(house)}/closure"

        refused = house.call("after_sales", "POST", path, json={"outcome": "matched"})
        done = house.call("after_sales", "POST", path, json={"outcome": "answered"})
        again = house.call("after_sales", "POST", path, json={"outcome": "answered"})

        assert "it can end as answered" in problem(refused, 422, "no-such-outcome")["detail"]
        assert done.json()["outcome"] == "answered"
        problem(again, 409, "case-is-closed")
        assert house.open_cases() == []

    def test_what_never_came_is_told_with_the_order(self, house: House) -> None:
        house.begin()
        body = {
            "kind": "not_received",
            "order_id": "A-1",
            "customer": ORDER["customer"],
            "text": "It says delivered, but it is not here.",
        }

        answer = house.call("storefront", "POST", "/v1/cases", json=body)

        assert case(house, answer.json()["case_id"])["order_id"] == "A-1"

    @pytest.mark.parametrize("about", [{"rma": None}, {"order_id": "A-1"}, {"customer": "x"}])
    def test_it_must_be_about_a_return_or_a_customers_order(
        self, house: House, about: dict[str, Any]
    ) -> None:
        house.begin()
        body = {"kind": "complaint", "rma": house.rma, "text": "?", **about}
        token = {"Retour-Customer": house.token}

        answer = house.call("storefront", "POST", "/v1/cases", json=body, headers=token)

        problem(answer, 422, "invalid-request")

    def test_another_customers_return_is_nobodys_business(self, house: House) -> None:
        house.begin()
        body = {"kind": "complaint", "rma": house.rma, "text": "?"}

        answer = house.call("storefront", "POST", "/v1/cases", json=body)

        problem(answer, 403, "customer-token-missing")

    def test_customers_are_told_of_their_own_cases_and_of_no_others(self, house: House) -> None:
        house.begin_late(email="anna@example.com")
        path = f"/v1/cases/{bring_up(house)}/closure"
        house.call("after_sales", "POST", path, json={"outcome": "answered", "answer": "Sorry!"})
        house.wait(hours=25)

        cases = [each for each in house.outbox.bodies if "case_" in each or "Sorry!" in each]
        assert house.open_cases() == ["stalled"]
        assert len(cases) == 2
