"""The process as it went, followed return by return: its edges, its stages, its reviewers and its rules."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from math import fsum
from typing import Any
from zoneinfo import ZoneInfo

from clocks_by_hand import Clock
from lives_by_hand import by_rma, steps_of
from told import HOUR_US, Told, day_of, middle, told, week_of

from service.domain.events import RecordedEvent

Row = dict[str, Any]
Events = Sequence[Told]
Edge = tuple[str, str]
BAD = ("failed", "short", "wrong_item", "empty")


def process_edges(log: Sequence[RecordedEvent], design: set[Edge]) -> Iterator[Row]:
    """The rows of the mart."""
    waits: dict[Edge, list[float | None]] = defaultdict(list)
    ways: dict[Edge, list[str]] = defaultdict(list)
    again: Counter[Edge] = Counter()
    single = {rma for rma, events in by_rma(log).items() if _is_of_one_line(list(told(events)))}
    for rma, events in by_rma(log).items():
        been: set[str] = set()
        for edge, wait in _edges_of(list(told(events))):
            waits[edge].append(wait)
            ways[edge].append(rma)
            again[edge] += edge[1] in been
            been.add(edge[1])
    leaving = Counter(from_step for (from_step, _), those in waits.items() for _ in those)
    for edge, those in waits.items():
        known = sorted(each for each in those if each is not None)
        yield {
            "from_step": edge[0],
            "to_step": edge[1],
            "cases": len(those),
            "median_hours": middle(known),
            "p90_hours": nearest_rank(known, 90),
            "returns": len(set(ways[edge])),
            "share": len(those) / leaving[edge[0]],
            "is_designed": edge in design,
            "strays": 0 if edge in design else sum(rma in single for rma in ways[edge]),
            "waiting_hours": fsum(known) if known else None,
            "again": again[edge],
        }


def stage_daily(
    log: Sequence[RecordedEvent], clocks: Iterable[Clock], zone: ZoneInfo
) -> Iterator[Row]:
    """The rows of the mart."""
    found: dict[tuple[date, str, str], list[float]] = defaultdict(list)
    for stage, role, from_us, to_us in _stages(log, clocks):
        if from_us is not None and to_us is not None and from_us <= to_us:
            found[day_of(to_us, zone), stage, role].append((to_us - from_us) / HOUR_US)
    for (day, stage, role), hours in found.items():
        yield {
            "day": day,
            "stage": stage,
            "owner_role": role,
            "ended": len(hours),
            "median_hours": middle(hours),
            "p90_hours": nearest_rank(sorted(hours), 90),
            "over_24h": sum(each > 24 for each in hours),
        }


def reviewer_weekly(
    log: Sequence[RecordedEvent], clocks: Iterable[Clock], zone: ZoneInfo
) -> Iterator[Row]:
    """The rows of the mart."""
    due = {(each.subject, each.opened_us): each.due_us for each in clocks if each.clock == "review"}
    found: dict[tuple[date, str], list[Row]] = defaultdict(list)
    for rma, recorded in by_rma(log).items():
        events = list(told(recorded))
        for each in events:
            if each.type == "review.decided":
                week = week_of(day_of(each.at_us, zone))
                verdict = _verdict(each, events, due.get((rma, each.says["opened_at_us"])))
                found[week, each.says["reviewer_key"] or "unknown"].append(verdict)
    for (week, reviewer), verdicts in found.items():
        yield {
            "week_start": week,
            "reviewer_key": reviewer,
            "decided": len(verdicts),
            "median_minutes": middle([each["minutes"] for each in verdicts]),
            **{
                name: sum(each[name] for each in verdicts)
                for name in ("overturned", "authorized", "declined", "late", "failed_later")
            },
        }


def policy_rules_weekly(log: Sequence[RecordedEvent], zone: ZoneInfo) -> Iterator[Row]:
    """The rows of the mart."""
    found: dict[tuple[date, str, str], Counter[str]] = defaultdict(Counter)
    for recorded in by_rma(log).values():
        events = list(told(recorded))
        for each in events:
            for rule in each.says.get("rules", ()):
                week = week_of(day_of(each.at_us, zone))
                counts = found[week, each.says["policy_version"], rule["rule"]]
                counts["checked"] += 1
                counts["failed"] += not rule["passed"]
                counts["declined"] += each.says.get("rule") == rule["rule"] and not rule["passed"]
                is_reviewed = each.type == "review.opened" and not rule["passed"]
                counts["reviewed"] += is_reviewed
                counts["authorized_after_review"] += is_reviewed and _answer(each, events)
    for (week, version, rule), counts in found.items():
        names = ("checked", "failed", "declined", "reviewed", "authorized_after_review")
        yield {
            "week_start": week,
            "policy_version": version,
            "rule": rule,
            **{name: counts[name] for name in names},
        }


def nearest_rank(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest value that so many percent of all do not exceed."""
    if not ordered:
        return None
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _edges_of(events: Events) -> Iterator[tuple[Edge, float | None]]:
    steps = steps_of(events)
    words = ["end" if each.type == "return.closed" else each.type for each in steps]
    yield ("start", words[0]), None
    for (one, other), edge in zip(pairwise(steps), pairwise(words), strict=True):
        yield edge, (other.at_us - one.at_us) / HOUR_US


def _is_of_one_line(events: Events) -> bool:
    numbers = {line["line_no"] for line in events[0].says["lines"]}
    for each in events:
        if each.type == "line.split":
            numbers.add(each.says["into_line_no"])
        elif each.type == "return.received":
            numbers |= {line["line_no"] for line in each.says["lines"]}
        elif each.type == "line.inspected":
            numbers.add(each.says["line_no"])
    return len(numbers) == 1


def _stages(
    log: Sequence[RecordedEvent], clocks: Iterable[Clock]
) -> Iterator[tuple[str, str, int | None, int | None]]:
    for recorded in by_rma(log).values():
        yield from _stages_of(list(told(recorded)))
    for clock in clocks:
        if clock.ended_by == "done" and clock.clock == "inspection":
            yield "inspect", "inspector", clock.opened_us, clock.ended_us
        elif clock.ended_by == "done" and clock.clock == "refund":
            yield "refund", "finance", clock.opened_us, clock.ended_us


def _stages_of(events: Events) -> Iterator[tuple[str, str, int | None, int | None]]:
    begun = events[0]
    decided = next(
        (each for each in events if each.type in ("return.authorized", "return.declined")), None
    )
    scanned_us = _first_us(events, "shipment.scanned")
    received_us = _first_us(events, "return.received")
    permitted_us = begun.at_us if begun.type == "return.withdrawn" else None
    if decided:
        role = "system" if decided.says["mode"] == "rule" else "reviewer"
        yield "decide", role, begun.at_us, decided.at_us
        if decided.type == "return.authorized" and begun.type == "return.requested":
            permitted_us = decided.at_us
    came_us = min((us for us in (scanned_us, received_us) if us is not None), default=None)
    yield "hand_over", "customer", permitted_us, came_us
    yield "transit", "carrier", scanned_us, received_us
    inspected = [each for each in events if each.type in ("line.inspected", "inspection.waived")]
    placed = [each for each in events if each.type == "line.dispositioned"]
    yield "place", "inspector", _last_us(inspected), _last_us(placed)


def _last_us(events: Events) -> int | None:
    return max((each.at_us for each in events), default=None)


def _first_us(events: Events, type_: str) -> int | None:
    return min((each.at_us for each in events if each.type == type_), default=None)


def _verdict(said: Told, events: Events, due_us: int | None) -> Row:
    is_authorized = said.says["decision"] == "authorize"
    later = [each for each in events if each.seq > said.seq]
    return {
        "minutes": (said.at_us - said.says["opened_at_us"] - said.says["paused_us"]) * 60 / HOUR_US,
        "overturned": not is_authorized and any(each.type == "return.authorized" for each in later),
        "authorized": is_authorized,
        "declined": not is_authorized,
        "late": due_us is not None and said.at_us > due_us,
        "failed_later": is_authorized
        and any(each.type == "line.inspected" and each.says["outcome"] in BAD for each in later),
    }


def _answer(opened: Told, events: Events) -> bool:
    """Whether the decision that followed was to authorize."""
    words = ("return.authorized", "return.declined")
    later = [each.type for each in events if each.seq > opened.seq and each.type in words]
    return later[:1] == ["return.authorized"]
