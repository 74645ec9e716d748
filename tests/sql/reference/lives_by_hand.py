"""The lives of returns, read off the log one by one; where a return stands is asked of the service's own table of moves."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from replayed import replay
from told import Told, day_of, hours, moment, told

from service.domain import lifecycle
from service.domain.events import RecordedEvent

Row = dict[str, Any]
Events = Sequence[Told]
STEPS = {row.event for row in lifecycle.TRANSITIONS} | {"return.closed"}


def return_lifecycle(log: Sequence[RecordedEvent], zone: ZoneInfo) -> list[Row]:
    """The rows of the mart."""
    recorded, told_of = by_rma(log), _told_by_rma(log)
    cases = _cases_by_rma(log)
    return [_life(rma, told_of[rma], recorded[rma], cases[rma], zone) for rma in told_of]


def by_rma(log: Sequence[RecordedEvent]) -> Mapping[str, list[RecordedEvent]]:
    """Every return's own events, in their order."""
    found = defaultdict(list)
    begun = {
        event.subject for event in log if event.type in ("return.requested", "return.withdrawn")
    }
    for event in sorted(log, key=lambda each: each.seq):
        if event.subject in begun:
            found[event.subject].append(event)
    return found


def steps_of(events: Events) -> list[Told]:
    """The events that are steps of the process, in order of time."""
    return sorted(
        (each for each in events if each.type in STEPS), key=lambda each: (each.at_us, each.seq)
    )


def _told_by_rma(log: Sequence[RecordedEvent]) -> dict[str, Events]:
    return {rma: list(told(events)) for rma, events in by_rma(log).items()}


def _cases_by_rma(log: Iterable[RecordedEvent]) -> Mapping[str, list[tuple[Told, int | None]]]:
    """Of each return its cases: the opening, and when it ended."""
    found = defaultdict(list)
    events = list(told(log))
    ended = {each.says["case_id"]: each.at_us for each in events if each.type == "case.closed"}
    for each in events:
        if each.type == "case.opened" and each.says["rma"]:
            found[each.says["rma"]].append((each, ended.get(each.says["case_id"])))
    return found


def _life(
    rma: str,
    events: Events,
    recorded: Sequence[RecordedEvent],
    cases: Sequence[tuple[Told, int | None]],
    zone: ZoneInfo,
) -> Row:
    begun = _first(events, "return.requested", "return.withdrawn")
    assert begun
    is_law = begun.type == "return.withdrawn"
    decisions = _all(events, "return.authorized", "return.declined")
    words = ["declined" if each.type == "return.declined" else "authorized" for each in decisions]
    assessed = _first(events, "return.assessed")
    judged = [each.says for each in (assessed, *decisions[:1], begun) if each]
    paid = [each for each in _all(events, "refund.settled") if each.says["lines"]]
    refund_minor = sum(line["amount_minor"] for each in paid for line in each.says["lines"])
    value_minor = sum(line["value_minor"] for line in begun.says["lines"])
    settled_us = max((each.at_us for each in paid), default=None)
    refund_on = _told_of([assessed.says if assessed else {}, begun.says], "refund_on")
    state = lifecycle.roll_up(replay(recorded, refund_on or "inspected").values())
    closings = _all(events, "return.closed")
    ended_us = closings[-1].at_us if closings and state == "closed" else None
    later = [case for case in cases if closings and case[0].seq > closings[-1].seq]
    is_reopened = any(end_us is None for _, end_us in later)
    seen = [each for each in events if each.type in ("line.inspected", "inspection.waived")]
    depths = {each.says.get("inspection_depth") for each in seen} - {None}
    answer = _first(events, "survey.answered")
    steps = steps_of(events)
    end_us = min((us for us in (settled_us, ended_us) if us is not None), default=None)
    closed_us = max([us for _, us in later if us] + [ended_us]) if ended_us else None
    return {
        "rma": rma,
        "order_id": begun.says["order_id"],
        "customer_key": begun.says["customer_key"],
        "requested_at": at(begun.at_us),
        "decided_at": at(decisions[0].at_us) if decisions else None,
        "decision_mode": decisions[0].says["mode"] if decisions else "law" if is_law else None,
        "received_at": _earliest(events, lambda each: each.type == "return.received"),
        "inspected_at": at(max((each.at_us for each in seen), default=None)),
        "settled_at": at(settled_us),
        "closed_at": None if is_reopened else at(closed_us),
        "status": "reopened" if state == "closed" and is_reopened else state,
        "value_minor": value_minor,
        "currency": begun.says["currency"],
        "csat": answer.says["csat"] if answer else None,
        "kind": "withdrawal" if is_law else "return",
        "decision": words[0] if words else None,
        "first_scan_at": _earliest(events, lambda each: each.type == "shipment.scanned"),
        "review_opened_at": _earliest(events, lambda each: each.type == "review.opened"),
        "refund_minor": refund_minor,
        "lines": len(begun.says["lines"]),
        "units": sum(line["quantity"] for line in begun.says["lines"]),
        "survey_sent_at": _earliest(events, lambda each: each.type == "survey.sent"),
        "answered_at": at(answer.at_us) if answer else None,
        "reopened_at": at(min((case.at_us for case, _ in later), default=None)),
        "outcome": _outcome(events, words, paid != [], refund_minor >= value_minor)
        if ended_us
        else "open",
        "waited_hours": hours(begun.at_us, end_us) if end_us else None,
        "longest_pause_hours": max(
            (hours(one.at_us, next_.at_us) for one, next_ in pairwise(steps)), default=None
        ),
        "refund_on": refund_on,
        "inspection_depth": "full" if "full" in depths else "basic" if depths else None,
        "score": assessed.says["score"] if assessed else None,
        "policy_version": _told_of(judged, "policy_version"),
        "is_imported": recorded[0].origin == "import",
        "day": day_of(begun.at_us, zone),
        "last_decision": words[-1] if words else None,
        "last_event_at": at(steps[-1].at_us),
    }


def _outcome(events: Events, words: Sequence[str], is_paid: bool, is_whole: bool) -> str:
    happened = {each.type for each in events}
    if is_paid and "line.keep_granted" in happened and "return.received" not in happened:
        return "kept"
    if is_paid:
        return "refunded" if is_whole else "partly_refunded"
    if words and words[-1] == "declined":
        return "declined"
    if "return.expired" in happened:
        return "expired"
    return "cancelled" if "return.cancelled" in happened else "not_refunded"


def at(us: int | None) -> Any:
    """A moment as the warehouse has it, UTC without a zone."""
    return None if us is None else moment(us).replace(tzinfo=None)


def _told_of(says: Iterable[Mapping[str, Any]], name: str) -> Any:
    return next((each[name] for each in says if each.get(name) is not None), None)


def _all(events: Events, *types: str) -> list[Told]:
    return [each for each in events if each.type in types]


def _first(events: Events, *types: str) -> Told | None:
    return next(iter(_all(events, *types)), None)


def _earliest(events: Events, is_it: Callable[[Told], bool]) -> Any:
    return at(min((each.at_us for each in events if is_it(each)), default=None))
