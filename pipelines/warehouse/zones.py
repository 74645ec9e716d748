"""A time zone as a table: which offset from UTC holds from when to when, so that SQL needs no zone functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_FIRST_SALE = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SALE = datetime(2200, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=7)  # no zone changes its offset twice within a week
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class OffsetPeriod:
    """From `starts_at` (UTC, included) to `ends_at` (not included) local time is UTC plus `offset_seconds`."""

    starts_at: datetime
    ends_at: datetime
    offset_seconds: int


def offset_periods(zone: ZoneInfo, first: datetime, last: datetime) -> list[OffsetPeriod]:
    """The offsets of a zone, without a gap, over the years from that of `first` to the one after that of `last` (aware).

    Whole years and one ahead: whatever reads the table is made anew when it changes, so it must not with every change of
    clocks that the log comes to.
    """
    first = max(_new_year(first.year), _FIRST_SALE)
    last = _new_year(min(last.year + 2, _LAST_SALE.year))
    bounds = [_ALWAYS, *_changes(zone, first, last), _NEVER]
    return [
        OffsetPeriod(start, end, _offset(zone, max(start, first)))
        for start, end in pairwise(bounds)
    ]


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    moment = first
    while moment < last:
        following = moment + _STEP
        if _offset(zone, moment) != _offset(zone, following):
            yield _change_between(zone, moment, following)
        moment = following


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second with the later offset."""
    offset = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return round(offset.total_seconds()) if offset else 0
