"""The five ills of returns, week by week, each measure gathered value by value."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from follow_up_by_hand import is_answer
from told import Told, day_of, hours, middle, told, week_of

from service.domain.events import RecordedEvent

Rows = list[dict[str, Any]]
Lives = Mapping[str, Mapping[str, Any]]
Gathered = dict[tuple[date, str], list[float]]
_MINUTE_US = 60_000_000
_APPLIED = ("return.requested", "return.withdrawn")
_OF = {
    "inputs_median": ("laborious", "count"),
    "minutes_median": ("laborious", "minutes"),
    "decision_hours_median": ("slow", "hours"),
    "auto_share": ("slow", "share"),
    "message_minutes_median": ("silent", "minutes"),
    "first_answer_hours_median": ("silent", "hours"),
    "stalled_hours_median": ("stalled", "hours"),
    "analysed_share": ("unanalysed", "share"),
    "reason_share": ("unanalysed", "share"),
}


def ills_weekly(
    log: Iterable[RecordedEvent], lives: Lives, expected: set[tuple[str, date]], zone: ZoneInfo
) -> Rows:
    """The rows of `marts.ills_weekly`, given the returns' lives and for which (product, week) the detector expected any."""
    events = list(told(log))
    gathered: Gathered = defaultdict(list)
    for event in events:
        week = _week(event, zone)
        if event.type == "message.sent":
            late_us = max(event.at_us - event.says["about_us"], 0)
            gathered[week, "message_minutes_median"].append(late_us / _MINUTE_US)
        elif event.type in _APPLIED:
            for line in event.says["lines"]:
                is_expected = (line["sku"], week) in expected
                gathered[week, "analysed_share"] += [float(is_expected)] * line["quantity"]
                gathered[week, "reason_share"] += [float(bool(line["reason"]))] * line["quantity"]
            if event.says.get("inputs") is not None:
                gathered[week, "inputs_median"].append(float(event.says["inputs"]))
            if event.says.get("started_at_us") is not None:
                taken_us = event.at_us - event.says["started_at_us"]
                gathered[week, "minutes_median"].append(taken_us / _MINUTE_US)
    _gather_decisions(gathered, lives, zone)
    _gather_cases(gathered, events, zone)
    return [*map(_row, gathered, gathered.values()), *_stalled_returns(events, zone)]


def _week(event: Told, zone: ZoneInfo) -> date:
    return week_of(day_of(event.at_us, zone))


def _row(place: tuple[date, str], values: list[float]) -> dict[str, Any]:
    week, measure = place
    ill, unit = _OF[measure]
    value = sum(values) / len(values) if unit == "share" else middle(values)
    return {
        "week_start": week,
        "ill": ill,
        "measure": measure,
        "value": value,
        "unit": unit,
        "n": len(values),
    }


def _gather_decisions(gathered: Gathered, lives: Lives, zone: ZoneInfo) -> None:
    for life in lives.values():
        if life["kind"] == "return" and life["decided_at"] and not life["is_imported"]:
            week = week_of(life["decided_at"].replace(tzinfo=UTC).astimezone(zone).date())
            waited = life["decided_at"] - life["requested_at"]
            gathered[week, "decision_hours_median"].append(waited.total_seconds() / 3600)
            gathered[week, "auto_share"].append(float(life["decision_mode"] == "rule"))


def _gather_cases(gathered: Gathered, events: Iterable[Told], zone: ZoneInfo) -> None:
    opened: dict[str, Told] = {}
    answered = set()
    for event in events:
        case = opened.get(event.subject)
        if event.type == "case.opened":
            opened[event.subject] = event
        elif case and is_answer(event):
            week, taken = _week(event, zone), hours(case.at_us, event.at_us)
            if case.by == "customer" and event.subject not in answered:
                answered.add(event.subject)
                gathered[week, "first_answer_hours_median"].append(taken)
            if case.says["kind"] == "stalled" and event.type == "case.closed":
                gathered[week, "stalled_hours_median"].append(taken)


def _stalled_returns(events: Iterable[Told], zone: ZoneInfo) -> Rows:
    applied: dict[date, int] = defaultdict(int)
    stalled: dict[date, set[str]] = defaultdict(set)
    for event in events:
        if event.type in _APPLIED:
            applied[_week(event, zone)] += 1
        elif event.type == "case.opened" and event.says["kind"] == "stalled":
            stalled[_week(event, zone)].add(event.says["rma"])
    return [
        {
            "week_start": week,
            "ill": "stalled",
            "measure": "stalled_returns",
            "value": float(len(stalled[week])),
            "unit": "count",
            "n": max(applied[week], len(stalled[week])),
        }
        for week in {*applied, *stalled}
    ]
