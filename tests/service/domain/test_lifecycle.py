import pytest

from service.domain.events import PAYLOADS
from service.domain.lifecycle import ROLL_UP, TRANSITIONS, MoveNotAllowed, move, roll_up, standing


class TestTransitions:
    @pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.event)
    def test_each_move_has_an_event_of_the_log_an_owner_and_a_next_step(self, row) -> None:  # type: ignore[no-untyped-def]
        assert row.event in PAYLOADS
        assert row.owner
        assert row.next_step

    def test_each_state_can_be_reached_from_the_beginning_and_is_rolled_up(self) -> None:
        reached = {None}
        for _ in TRANSITIONS:
            reached |= {row.to_state for row in TRANSITIONS if row.from_state in reached}

        assert reached - {None} == set(ROLL_UP)

    def test_no_event_leads_two_ways_from_one_state(self) -> None:
        keys = [(row.from_state, row.event) for row in TRANSITIONS]

        assert len(keys) == len(set(keys))


class TestMove:
    def test_it_follows_the_table(self) -> None:
        assert move(None, "return.requested").to_state == "requested"
        assert move("requested", "review.opened").owner == "reviewer"

    def test_what_the_table_does_not_have_is_refused_with_what_it_has(self) -> None:
        with pytest.raises(MoveNotAllowed, match=r"return\.authorized, review\.opened"):
            move("requested", "return.closed")


class TestRollUp:
    def test_a_return_is_as_far_as_its_line_that_is_least_far(self) -> None:
        assert roll_up(["authorized", "under_review"]) == "under_review"
        assert roll_up(["authorized", "authorized"]) == "authorized"

    def test_who_acts_follows_from_the_state(self) -> None:
        assert standing("authorized").owner == "customer"
