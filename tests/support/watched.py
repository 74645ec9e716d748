"""Whether a return's events leave out anything that the service would have done by itself: consequences and clocks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from replayed import dues as told_dues
from replayed import replay

from service.domain import lifecycle
from service.domain.clocks import ClockName
from service.domain.events import RecordedEvent
from service.domain.lifecycle import MACHINES, WAITING, Line, Machine
from service.domain.policy import Policy

_HOUR_US = 3_600_000_000
# What happens by itself as soon as the table lets it.
_AT_ONCE = ("refund.requested", "choice.requested", "return.reinstated")
_TIMERS: Mapping[str, Machine] = {
    "return.appeal_lapsed": "authorization",
    "evidence.lapsed": "authorization",
    "return.expired": "reception",
    "shipment.overdue": "reception",
    "shipment.lost": "reception",
    "shipment.loss_accepted": "reception",
    "inspection.waived": "reception",
}
_CLOCKS: Mapping[str, Machine] = {
    "review": "authorization",
    "inspection": "reception",
    "send_back": "resolution",
    "refund": "resolution",
}
_Dues = dict[tuple[int, Machine], int]


def faults(events: Sequence[RecordedEvent], refund_on: str, policy: Policy) -> Iterator[str]:
    """What is wrong with them, in words: a consequence that did not come, a clock that ran out unnoticed or too early."""
    lines: Mapping[int, Line] = {}
    dues: _Dues = {}
    review_due = asked_us = 0
    seen = 0
    for at_us, group in groupby(events, key=lambda event: event.recorded_at_us):
        yield from _unnoticed(lines, dues, at_us)
        for event in group:
            seen += 1
            yield from _too_early(event, lines, dues)
            if event.type == "review.opened":
                review_due = json.loads(event.data)["due_at_us"]
            if event.type == "evidence.requested":
                asked_us = event.recorded_at_us
            now = replay(events[:seen], refund_on)
            resumed = review_due + at_us - asked_us if review_due > asked_us else review_due
            dues = _wound(event, lines, now, dues, policy, resumed)
            lines = now
        yield from _told_otherwise(dues, told_dues(dict(lines)), at_us)
        yield from (
            f"{event} was to follow on {line}"
            for line in lines.values()
            for event in _AT_ONCE
            if lifecycle.can(line, event, "system")
        )
        is_over = lifecycle.roll_up(lines.values()) == "closed"
        said = any(event.type == "return.closed" for event in events[:seen])
        if is_over and not said:
            yield f"closed at {at_us}, and nobody says so"


def _unnoticed(lines: Mapping[int, Line], dues: _Dues, at_us: int) -> Iterator[str]:
    for (number, machine), due_us in dues.items():
        if due_us < at_us:
            yield f"line {number} was {lines[number].state(machine)} until {due_us}, and nothing happened"


def _told_otherwise(dues: _Dues, told: _Dues, at_us: int) -> Iterator[str]:
    """Events say by when what waits is due."""
    for place in dues.keys() | told.keys():
        if dues.get(place) != told.get(place):
            yield f"at {at_us} {place} is due at {dues.get(place)}, but told is {told.get(place)}"


def _too_early(event: RecordedEvent, lines: Mapping[int, Line], dues: _Dues) -> Iterator[str]:
    """What a clock does, it does when it runs out: not before."""
    said = json.loads(event.data)
    machine = _TIMERS.get(event.type) or _CLOCKS.get(said.get("clock", ""))
    if said.get("mode") == "deadline":
        machine = "authorization"
    if said.get("is_default"):
        machine = "resolution"
    if machine is None:
        return
    numbers = [each["line_no"] for each in said.get("lines", ())] or [
        said.get("line_no") or min(lines)
    ]
    due = {dues.get((number, machine)) for number in numbers}
    # A review that was overdue before a question is overdue at once when it goes on.
    if not any(each is not None and each <= event.recorded_at_us for each in due):
        yield f"{event.type} came at {event.recorded_at_us}, but was due at {due}"


def _wound(
    event: RecordedEvent,
    before: Mapping[int, Line],
    now: Mapping[int, Line],
    dues: _Dues,
    policy: Policy,
    resumed: int,
) -> _Dues:
    """The clocks after an event, as `service.returns.held` winds them."""
    found: _Dues = {}
    said = json.loads(event.data)
    for number, line in now.items():
        for machine in MACHINES:
            waiting = WAITING.get((machine, str(line.state(machine))))
            if waiting is None:
                continue
            old = before.get(number, before.get(line.root_line_no))
            old_state = old.state(machine) if old else None
            kept = dues.get((number, machine), dues.get((line.root_line_no, machine)))
            is_seen_again = machine == "reception" and said.get("scan") == "in_transit"
            is_anew = is_seen_again or said.get("clock") == waiting.clock
            mine = [each["line_no"] for each in said.get("lines", ())]
            if old_state == waiting.state and not (is_anew and number in mine):
                due: int | None = kept
            elif (old_state, waiting.state) in (
                ("awaited", "announced"),
                ("delivered", "received"),
            ):
                due = kept
            elif waiting.state == "under_review":
                is_resumed = event.type in ("evidence.received", "evidence.lapsed")
                due = resumed if is_resumed else event.recorded_at_us + _hours(policy, "review")
            elif waiting.state == "refund_pending":
                due = said.get("due_at_us", kept)
            elif waiting.state == "refund_unknown":
                due = kept
            else:
                due = event.recorded_at_us + _hours(policy, waiting.clock)
            if due is not None:
                found[number, machine] = due
    return found


def _hours(policy: Policy, clock: ClockName) -> int:
    return round(policy.hours(clock).total_seconds()) * 1_000_000
