from typing import Any

import pytest
from house import House


class TestReasons:
    @pytest.mark.parametrize(
        ("decision", "reason", "more"),
        [
            ("authorize", "misuse", {}),
            ("decline", "goodwill", {}),
            ("decline", "misuse", {"keep_item": True}),
        ],
    )
    def test_a_decision_that_contradicts_itself_is_refused(
        self, house: House, decision: str, reason: str, more: dict[str, Any]
    ) -> None:
        house.begin_late()

        answer = house.tries("reviewer", "decision", decision=decision, reason_code=reason, **more)

        assert answer.status_code == 422
        assert f"to {decision}" in answer.json()["detail"]
        assert house.state == "under_review"

    def test_a_reason_that_is_none_names_its_field_and_all_that_are(self, house: House) -> None:
        house.begin_late()

        answer = house.tries("reviewer", "decision", decision="decline", reason_code="dislike")

        (fault,) = answer.json()["errors"]
        assert fault["field"] == "reason_code"
        assert "misuse" in fault["detail"]
        assert "goodwill" in fault["detail"]


class TestWhileAQuestionIsOpen:
    @pytest.mark.parametrize(
        ("decision", "reason", "state"),
        [("authorize", "goodwill", "authorized"), ("decline", "misuse", "declined")],
    )
    def test_a_reviewer_may_decide_all_the_same_and_the_time_it_stood_still_is_left_out(
        self, house: House, decision: str, reason: str, state: str
    ) -> None:
        house.begin_late()
        house.wait(hours=2)
        house.does("reviewer", "question", question="Which part?")
        house.wait(hours=3)

        house.does("reviewer", "decision", decision=decision, reason_code=reason)

        assert house.state == state
        (said,) = house.told("review.decided")
        assert said["paused_us"] == 3 * 3_600_000_000
        assert house.call("reviewer", "GET", "/v1/reviews").json() == []
        house.wait(days=8)
        assert "evidence.lapsed" not in house.happened()

    def test_the_system_alone_still_waits_for_the_answer(self, house: House) -> None:
        house.begin_late()
        house.does("reviewer", "question", question="Which part?")

        house.wait(hours=100)

        assert house.state == "info_requested"
