"""The stretch of shop days that a page tells of."""

from dataclasses import dataclass
from datetime import date, timedelta

WEEKS: dict[str, int | None] = {"4w": 4, "13w": 13, "all": None}
_A_DAY_EACH = timedelta(days=62)
_A_WEEK_EACH = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first shop day to the last, both within. Weekly figures count the weeks that touch it."""

    first: date
    last: date

    @property
    def first_week(self) -> date:
        """The Monday of its first week."""
        return monday(self.first) if self.first > date.min + timedelta(days=6) else date.min


def recent(word: str, today: date) -> Period:
    """What a word of `WEEKS` means on a day: that many whole weeks and the days of the current one."""
    weeks = WEEKS[word]
    return Period(monday(today) - timedelta(weeks=weeks) if weeks else date.min, today)


def between(first: date, last: date) -> Period:
    """Two days in either order."""
    return Period(min(first, last), max(first, last))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def grain(first: date, last: date) -> str:
    """What one bar of a picture of this length stands for: day, week or month."""
    length = last - first
    if length <= _A_DAY_EACH:
        return "day"
    return "week" if length <= _A_WEEK_EACH else "month"
