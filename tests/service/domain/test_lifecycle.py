from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from service.domain import lifecycle
from service.domain.events import PAYLOADS, Role
from service.domain.lifecycle import (
    MACHINES,
    ROLL_UP,
    STATES,
    TRANSITIONS,
    WAITING,
    Line,
    Machine,
    MoveNotAllowed,
    Transition,
    can,
    default_of,
    is_over,
    move,
    roll_up,
    status,
    waits,
)
from service.policies import default_policy

REFUND_ON = ("authorized", "first_scan", "received", "inspected")
CHOICES = ("partial_refund", "send_back", "dispose", "accept")
NEW = Line(1, 1, 1, "MUG", 2, 2580)


def ways_on(line: Line) -> Iterator[tuple[Transition, Line]]:
    """Every row of the table that fits a line, with the line after it."""
    for row in TRANSITIONS:
        if row.fits(line, row.event, row.variant):
            by = next(each for each in row.actors if can(line, row.event, each, row.variant))
            yield row, move(line, row.event, by, row.variant)


@pytest.fixture(scope="module")
def reachable() -> dict[Line, set[Line]]:
    """Every line that the table can lead to, with where it can go from there."""
    found: dict[Line, set[Line]] = {}
    waiting = [
        replace(NEW, refund_on=each, is_withdrawal=by_law)  # type: ignore[arg-type]
        for each in REFUND_ON
        for by_law in (False, True)
    ]
    while waiting:
        line = waiting.pop()
        if line in found:
            continue
        found[line] = {after for _, after in ways_on(line)}
        waiting.extend(found[line])
    return {line: after for line, after in found.items() if line.authorization is not None}


class TestTheTable:
    @pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.machine}-{row.event}")
    def test_each_row_has_an_event_of_the_log_known_states_and_somebody_who_may(
        self, row: Transition
    ) -> None:
        assert row.event in PAYLOADS
        assert row.to_state in STATES[row.machine]
        assert row.from_state is None or row.from_state in STATES[row.machine]
        assert row.actors
        assert row.guard.__doc__

    def test_no_event_leads_two_ways_from_one_state(self, reachable: dict[Line, set[Line]]) -> None:
        for line in reachable:
            keys = [
                (row.machine, row.event, row.variant)
                for row in TRANSITIONS
                if row.fits(line, row.event, row.variant)
            ]
            assert len(keys) == len(set(keys)), line

    def test_each_state_of_each_machine_can_be_reached(
        self, reachable: dict[Line, set[Line]]
    ) -> None:
        for machine in MACHINES:
            assert {line.state(machine) for line in reachable} == set(STATES[machine])

    def test_from_wherever_a_line_is_it_can_come_to_its_end(
        self, reachable: dict[Line, set[Line]]
    ) -> None:
        ending = {line for line in reachable if is_over(line)}
        grown = True
        while grown:
            more = {line for line, after in reachable.items() if after & ending} - ending
            ending |= more
            grown = bool(more)

        assert set(reachable) - ending == set()

    def test_what_the_law_grants_expires_without_ever_coming_before_a_reviewer(self) -> None:
        declared = replace(NEW, is_withdrawal=True, refund_on="first_scan")
        found, todo = set(), [move(declared, "return.withdrawn", "customer")]
        while todo:
            line = todo.pop()
            if line not in found:
                found.add(line)
                todo += [after for row, after in ways_on(line) if row.event != "return.cancelled"]

        assert {line.authorization for line in found} == {"authorized", "expired"}

    def test_no_row_leads_from_a_score_to_a_decline(self) -> None:
        declines = [row for row in TRANSITIONS if row.to_state == "declined"]

        assert {row.event for row in declines} == {"return.declined"}
        assert "score" not in PAYLOADS["return.declined"].model_fields


class TestWaiting:
    def test_whatever_is_not_over_waits_for_somebody_or_goes_on_by_itself(
        self, reachable: dict[Line, set[Line]]
    ) -> None:
        for line in reachable:
            goes_on = any(
                row.event in ("refund.requested", "choice.requested", "return.reinstated")
                and "system" in row.actors
                for row, _ in ways_on(line)
            )
            is_new = line.authorization == "requested"
            assert is_over(line) or waits(line) or goes_on or is_new, line

    @pytest.mark.parametrize("waiting", WAITING.values(), ids=lambda each: each.state)
    def test_each_waiting_state_has_an_owner_a_clock_of_the_policy_and_a_default(
        self, waiting: lifecycle.Waiting
    ) -> None:
        assert waiting.owner
        assert default_policy().hours(waiting.clock)
        assert waiting.defaults
        assert waiting.next_step.text

    def test_when_time_runs_out_the_default_is_a_move_that_the_table_has(
        self, reachable: dict[Line, set[Line]]
    ) -> None:
        for line in reachable:
            for waiting in waits(line):
                for choice in CHOICES:
                    offered = replace(line, default_choice=choice)  # type: ignore[arg-type]
                    event, variant = default_of(offered, waiting)
                    after = move(offered, event, "system", variant)
                    is_anew = event == "clock.breached"
                    assert after.state(waiting.machine) != line.state(waiting.machine) or is_anew

    def test_nobody_has_to_act_for_a_line_to_leave_every_clock_but_those_of_money_and_goods(
        self, reachable: dict[Line, set[Line]]
    ) -> None:
        """Whoever sleeps, defaults alone bring a line to its end, or to a payment or a parcel that the house owes."""
        owed = {
            "refund_agreed",
            "refund_pending",
            "refund_unknown",
            "refund_failed",
            "to_send_back",
        }
        for start in reachable:
            line = replace(start, default_choice="send_back")
            for _ in range(20):
                moves = [default_of(line, each) for each in waits(line) if not_owed(each)]
                if not moves:
                    break
                line = move(line, moves[0][0], "system", moves[0][1])
            assert is_over(line) or line.resolution in owed | {"open"}, (start, line)


def not_owed(waiting: lifecycle.Waiting) -> bool:
    return waiting.machine != "resolution" or waiting.state == "awaiting_choice"


class TestMove:
    def test_it_follows_the_table(self) -> None:
        requested = move(NEW, "return.requested", "customer")
        assert (requested.authorization, requested.reception, requested.resolution) == (
            "requested",
            "not_expected",
            "open",
        )

        authorized = move(requested, "return.authorized", "system")
        assert (authorized.authorization, authorized.reception) == ("authorized", "awaited")

    def test_what_the_table_does_not_have_is_refused_with_what_it_has(self) -> None:
        requested = move(NEW, "return.requested", "customer")

        with pytest.raises(MoveNotAllowed, match=r"return\.authorized, return\.declined") as told:
            move(requested, "goods.sent_back", "inspector")
        assert "review.opened" in told.value.allowed

    def test_who_is_not_named_in_the_row_may_not_make_its_move(self) -> None:
        requested = move(NEW, "return.requested", "customer")

        with pytest.raises(MoveNotAllowed, match="by customer"):
            move(requested, "return.authorized", "customer")

    def test_every_other_move_changes_nothing(self, reachable: dict[Line, set[Line]]) -> None:
        roles: tuple[Role, ...] = (
            "customer",
            "reviewer",
            "inspector",
            "system",
            "carrier",
            "buyer",
        )
        variants = {None, *(row.variant for row in TRANSITIONS)}
        events = {row.event for row in TRANSITIONS}
        for line in list(reachable)[:60]:
            possible = {(row.event, row.variant) for row, _ in ways_on(line)}
            for event, variant, role in product(events, variants, roles):
                if (event, variant) in possible or (event, None) in possible:
                    continue
                with pytest.raises(MoveNotAllowed):
                    move(line, event, role, variant)


class TestStatus:
    @pytest.mark.parametrize(
        ("states", "expected"),
        [
            (("under_review", "not_expected", "open"), "under_review"),
            (("authorized", "awaited", "open"), "authorized"),
            (("authorized", "awaited", "refunded"), "authorized"),
            (("authorized", "received", "refund_pending"), "received"),
            (("authorized", "passed", "refund_pending"), "refund_pending"),
            (("authorized", "failed", "awaiting_choice"), "awaiting_choice"),
            (("under_review", "received", "open"), "under_review"),
            (("declined", "not_expected", "open"), "declined"),
            (("cancelled", "not_sent", "open"), "cancelled"),
            (("authorized", "passed", "refunded"), "refunded"),
        ],
    )
    def test_a_line_is_as_far_as_its_machine_that_is_least_far(
        self, states: tuple[str, str, str], expected: str
    ) -> None:
        assert status(a_line(*states)) == expected

    def test_a_return_is_as_far_as_its_line_that_is_least_far(self) -> None:
        done = a_line("authorized", "passed", "refunded")
        sent = a_line("authorized", "in_transit", "open")

        assert roll_up([done, sent]) == "in_transit"
        assert roll_up([done]) == "closed"

    def test_every_status_is_rolled_up(self, reachable: dict[Line, set[Line]]) -> None:
        assert {status(line) for line in reachable} <= set(ROLL_UP)


def a_line(authorization: str, reception: str, resolution: str) -> Line:
    states: dict[Machine, str] = {
        "authorization": authorization,
        "reception": reception,
        "resolution": resolution,
    }
    return replace(NEW, **states)  # type: ignore[arg-type]
