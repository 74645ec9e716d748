"""A complaint about a return holds what would happen over its customer's head, until it is answered."""

from typing import Any

import pytest
from house import House

DECISIONS_ARE_A_WEEK = {"days": 7, "minutes": 1}
APPEALS_ARE_TWO_WEEKS = {"days": 14, "minutes": 1}


def complain(house: House, kind: str = "complaint") -> str:
    body = {"kind": kind, "rma": house.rma, "text": "I see it differently."}
    headers = {"Retour-Customer": house.token}
    answer = house.call("storefront", "POST", "/v1/cases", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_id"])


def answer(house: House, case_id: str) -> None:
    closure = f"/v1/cases/{case_id}/closure"
    assert house.call("after_sales", "POST", closure, json={"outcome": "rejected"}).is_success


def words(house: House) -> list[str]:
    return [step["what"] for step in house.look()["history"]]


@pytest.fixture
def to_choose(house: House) -> House:
    """Worn goods: the customer is to choose within a week, else a part is paid back."""
    house.begin().arrive().find("failed", grade="C")
    return house


@pytest.fixture
def declined(house: House) -> House:
    """The customer may appeal within two weeks."""
    house.begin_late().does("reviewer", "decision", decision="decline", reason_code="misuse")
    return house


class TestAChoice:
    def test_is_not_made_by_itself_while_a_complaint_is_open(self, to_choose: House) -> None:
        complain(to_choose)

        to_choose.wait(**DECISIONS_ARE_A_WEEK).wait(days=3)

        (line,) = to_choose.look()["lines"]
        assert (line["state"], line["choices"][0]) == ("awaiting_choice", "partial_refund")
        assert "line.dispositioned" not in to_choose.happened()

    def test_is_due_anew_for_somebody_to_look_at(self, to_choose: House) -> None:
        complain(to_choose)

        to_choose.wait(**DECISIONS_ARE_A_WEEK)

        (said,) = to_choose.told("clock.put_off")
        assert (said["clock"], said["cause"]) == ("choice", "objection_open")
        assert to_choose.look()["next"] == {
            "what": "Choose what becomes of the goods; nothing happens by itself before your complaint is answered.",
            "by": "customer",
            "until": "2026-03-11T12:01:00Z",
            "otherwise": None,
        }
        assert words(to_choose)[-1].startswith("Your complaint is not answered yet: nothing")

    def test_can_be_made_all_the_same(self, to_choose: House) -> None:
        complain(to_choose)
        to_choose.wait(**DECISIONS_ARE_A_WEEK)

        to_choose.does("storefront", "lines/1/choice", choice="send_back")

        assert to_choose.state == "to_send_back"

    def test_has_a_week_from_the_answer_then_is_made_by_itself_and_says_so(
        self, to_choose: House
    ) -> None:
        case_id = complain(to_choose)
        to_choose.wait(days=6, hours=23)
        answer(to_choose, case_id)
        assert to_choose.look()["next"]["until"] == "2026-03-16T11:00:00Z"
        assert words(to_choose)[-1].startswith("Your complaint was answered: you choose")

        to_choose.wait(days=6, hours=23)
        assert to_choose.state == "awaiting_choice"
        to_choose.wait(hours=2)

        assert to_choose.state == "refund_pending"
        assert "No choice was made in time, so a part of the price is paid back." in words(
            to_choose
        )

    def test_waits_for_the_last_of_two_complaints(self, to_choose: House) -> None:
        first, second = complain(to_choose), complain(to_choose)
        to_choose.wait(days=6)

        answer(to_choose, first)
        assert "clock.put_off" not in to_choose.happened()
        answer(to_choose, second)

        assert to_choose.told("clock.put_off")[0]["cause"] == "objection_answered"

    def test_is_made_by_itself_where_the_complaint_is_answered_and_time_is_left(
        self, to_choose: House
    ) -> None:
        answer(to_choose, complain(to_choose))

        to_choose.wait(**DECISIONS_ARE_A_WEEK)

        assert to_choose.state == "refund_pending"
        assert "clock.put_off" not in to_choose.happened()

    @pytest.mark.parametrize("kind", ["suggestion", "safety"])
    def test_is_not_held_by_what_is_no_objection(self, to_choose: House, kind: str) -> None:
        complain(to_choose, kind)

        to_choose.wait(**DECISIONS_ARE_A_WEEK)

        assert to_choose.state == "refund_pending"

    def test_made_by_the_customer_does_not_say_that_it_happened_by_itself(
        self, to_choose: House
    ) -> None:
        to_choose.does("storefront", "lines/1/choice", choice="partial_refund")

        assert "A part of the price was agreed on." in words(to_choose)


class TestAnAppeal:
    def test_does_not_lapse_while_a_complaint_is_open(self, declined: House) -> None:
        complain(declined)

        declined.wait(**APPEALS_ARE_TWO_WEEKS).wait(days=5)

        assert declined.state == "declined"
        assert declined.look()["next"]["otherwise"] is None
        declined.does("storefront", "human-review")
        assert declined.state == "under_review"

    def test_lapses_a_week_after_the_answer_at_the_earliest(self, declined: House) -> None:
        case_id = complain(declined)
        declined.wait(days=20)
        answer(declined, case_id)

        declined.wait(days=6, hours=23)
        assert declined.state == "declined"
        declined.wait(hours=2)

        assert declined.state == "closed"

    def test_keeps_its_time_where_the_complaint_is_answered_early(self, declined: House) -> None:
        until = declined.look()["next"]["until"]
        answer(declined, complain(declined))

        assert declined.look()["next"]["until"] == until


def test_a_history_is_told_in_the_customers_language(to_choose: House) -> None:
    complain(to_choose)
    to_choose.wait(**DECISIONS_ARE_A_WEEK)

    headers: dict[str, Any] = {"Accept-Language": "zh"}
    shown = to_choose.call("admin", "GET", f"/v1/returns/{to_choose.rma}", headers=headers).json()
    assert shown["history"][-1]["what"].startswith("您的投诉尚未得到答复")
