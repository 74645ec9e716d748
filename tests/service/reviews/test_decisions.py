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
