"""Time as a parameter: nothing below the edges reads the machine's clock."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock that its owner moves; simulations and tests live by it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Go to a later moment. Raises `ValueError` on an earlier one: time does not run backwards."""
        if moment < self._now:
            raise ValueError(f"the clock stands at {self._now}; it cannot go back to {moment}")
        self._now = moment


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The aware UTC moment of microseconds since 1970."""
    return _EPOCH + us * _MICROSECOND
