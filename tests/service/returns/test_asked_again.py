"""A person's decision is not undone by asking until the lot says yes."""

from typing import Any

import pytest
from house import House
from policy_with import policy_with

NOTHING_PASSES = policy_with({"audit.bootstrap_share": 0.0, "risk.unscored_up_to_minor": {}})
ALL_DRAWN = policy_with({"audit.bootstrap_share": 1.0, "risk.unscored_up_to_minor": {}})


def under(house: House, policy: Any) -> House:
    object.__setattr__(house.retour.context, "policy", policy)
    return house


@pytest.fixture
def reviewed(house: House) -> House:
    """Two units that a person is to decide on."""
    under(house, NOTHING_PASSES).begin(2, "changed_mind")
    assert house.state == "under_review"
    return under(house, ALL_DRAWN)


class TestWhatAPersonDeclined:
    def test_goes_to_a_person_again_however_the_lot_falls_and_is_no_evidence_of_it(
        self, reviewed: House
    ) -> None:
        reviewed.does("reviewer", "decision", decision="decline", reason_code="misuse")

        reviewed.ask_back(1, "changed_mind")

        (said,) = reviewed.told("return.assessed")
        assert reviewed.state == "under_review"
        assert (said["decision"], said["basis"], said["is_audit"]) == ("review", "rules", False)
        assert (said["propensity"], said["approve_propensity"]) == (1.0, 0.0)
        assert [each["code"] for each in said["reasons"]] == ["asked_again"]

    def test_goes_to_a_person_again_when_the_time_to_appeal_is_over(self, reviewed: House) -> None:
        reviewed.does("reviewer", "decision", decision="decline", reason_code="misuse")
        reviewed.wait(hours=337)
        assert reviewed.state == "closed"

        assert reviewed.ask_back(1, "changed_mind").state == "under_review"

    def test_says_so_to_the_reviewer_and_to_its_customer(self, reviewed: House) -> None:
        reviewed.does("reviewer", "decision", decision="decline", reason_code="misuse")
        reviewed.ask_back(1, "changed_mind")

        (review,) = reviewed.call("reviewer", "GET", "/v1/reviews").json()
        told = reviewed.call("admin", "GET", f"/v1/returns/{reviewed.rma}/reasons").json()

        assert review["reasons"][0]["words"] == (
            "line 1 was declined by a person before or given up before one had decided"
        )
        assert told["reasons"][1] == (
            "You asked for this before, and a person was to decide: one does again."
        )

    def test_says_nothing_of_the_orders_other_lines(self, reviewed: House) -> None:
        reviewed.put_parcel(parcel="2", lines=[{"line_no": 2, "quantity": 1}])
        reviewed.does("reviewer", "decision", decision="decline", reason_code="misuse")

        answer = reviewed.apply(lines=[{"line_no": 2, "quantity": 1, "reason": "changed_mind"}])

        assert answer.json()["state"] == "authorized"


class TestWhatWasGivenUp:
    def test_while_a_person_was_to_decide_goes_to_one_again(self, reviewed: House) -> None:
        reviewed.does("storefront", "cancellation")

        assert reviewed.ask_back(1, "changed_mind").state == "under_review"

    def test_while_a_question_was_open_goes_to_a_person_again(self, reviewed: House) -> None:
        reviewed.does("reviewer", "question", question="Which of the two?")
        reviewed.does("storefront", "cancellation")

        assert reviewed.ask_back(1, "changed_mind").state == "under_review"

    def test_after_a_person_had_authorized_it_is_judged_as_any(self, reviewed: House) -> None:
        reviewed.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        reviewed.does("storefront", "cancellation")

        assert reviewed.ask_back(1, "changed_mind").state == "authorized"

    def test_after_it_had_passed_by_itself_is_judged_as_any(self, house: House) -> None:
        under(house, ALL_DRAWN).begin(2, "changed_mind")
        house.does("storefront", "cancellation")

        assert house.ask_back(1, "changed_mind").state == "authorized"
