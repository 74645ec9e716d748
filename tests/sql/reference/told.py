"""A log read plainly: what each event says, and the shop's days, for computing figures without SQL."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.domain.events import RecordedEvent

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its payload as a dictionary."""

    seq: int
    type: str
    subject: str
    at_us: int
    by: str
    says: dict[str, Any]


def told(log: Iterable[RecordedEvent]) -> Iterator[Told]:
    """The events of a log in its order."""
    for event in sorted(log, key=lambda each: each.seq):
        says = json.loads(event.data)
        yield Told(event.seq, event.type, event.subject, event.time_us, event.actor_role, says)


def moment(us: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return EPOCH + timedelta(microseconds=us)


def day_of(us: int, zone: ZoneInfo) -> date:
    """The shop's day of a moment."""
    return moment(us).astimezone(zone).date()


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def hours(from_us: int, to_us: int) -> float:
    """Real hours from one moment to another."""
    return (to_us - from_us) / HOUR_US


def middle(values: Iterable[float]) -> float | None:
    """The median; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
