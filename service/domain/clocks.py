"""Deadlines: when something that opened is due, in calendar hours or in the shop's own.

All moments are aware; results are in UTC. Business hours are wall-clock hours of the shop's zone, counted in real
time: the night on which the clocks change does not make a working day longer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

ClockName = Literal[
    "review",
    "escalation",
    "evidence",
    "appeal",
    "ship_by",
    "transit",
    "search",
    "inspection",
    "choice",
    "send_back",
    "refund",
    "case",
    "first_response",
    "survey_reminder",
]
CalendarKind = Literal["calendar", "business"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which hours count: all (`calendar`), or those from `opens` to `closes` on `days` (`business`) that are no holidays."""

    kind: CalendarKind = "calendar"
    days: tuple[Weekday, ...] = WEEKDAYS[:5]
    opens: time = time(9)
    closes: time = time(18)
    holidays: frozenset[date] = frozenset()


EVERY_HOUR = Calendar()


def due_at(opened: datetime, allowed: timedelta, calendar: Calendar, zone: tzinfo) -> datetime:
    """The moment at which the allowed time has been used up."""
    if calendar.kind == "calendar":
        return opened.astimezone(UTC) + allowed
    stretches, left = _business_hours(opened, calendar, zone), allowed
    opens, closes = next(stretches)
    while left > closes - opens:
        left -= closes - opens
        opens, closes = next(stretches)
    return opens + left


def elapsed(start: datetime, end: datetime, calendar: Calendar, zone: tzinfo) -> timedelta:
    """How much of the time between two moments counts; nothing where the end is not later."""
    if calendar.kind == "calendar":
        return max(end - start, _NOTHING)
    counted = _NOTHING
    for opens, closes in _business_hours(start, calendar, zone):
        if opens >= end:
            break
        counted += min(closes, end) - opens
    return counted


def after_pause(
    due: datetime,
    paused_since: datetime,
    now: datetime,
    calendar: Calendar = EVERY_HOUR,
    zone: tzinfo = UTC,
) -> datetime:
    """When it is due, now that a pause has ended: what was left when the pause began is left now.

    What was overdue before the pause stays so.
    """
    if due <= paused_since or now <= paused_since:
        return due
    return due_at(now, elapsed(paused_since, due, calendar, zone), calendar, zone)


def share_point(
    opened: datetime,
    due: datetime,
    share: float,
    calendar: Calendar = EVERY_HOUR,
    zone: tzinfo = UTC,
) -> datetime:
    """The moment at which a share of the time between two moments is used up, such as 0.8 of it."""
    return due_at(opened, elapsed(opened, due, calendar, zone) * share, calendar, zone)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The last moment of a zone's day, in UTC."""
    return datetime.combine(day + _DAY, time(), zone).astimezone(UTC) - timedelta.resolution


def _business_hours(
    start: datetime, calendar: Calendar, zone: tzinfo
) -> Iterator[tuple[datetime, datetime]]:
    """Stretches of business hours from `start` on, in UTC; the first may have begun before it."""
    start = start.astimezone(UTC)
    day = start.astimezone(zone).date()
    while True:
        if WEEKDAYS[day.weekday()] in calendar.days and day not in calendar.holidays:
            opens = datetime.combine(day, calendar.opens, zone).astimezone(UTC)
            closes = datetime.combine(day, calendar.closes, zone).astimezone(UTC)
            if closes > max(opens, start):
                yield max(opens, start), closes
        day += _DAY
