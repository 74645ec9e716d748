"""What the page *Overview* shows: the five ills that the shop is to be cured of, week by week."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

import duckdb
import polars as pl

from dashboards.queries.frames import frame
from dashboards.queries.periods import monday
from dashboards.words import ILLS, MEASURES

_WEEKS = 13
_USUAL = timedelta(weeks=4)  # before a week, in which is seen what is usual


@dataclass(frozen=True, slots=True)
class Measure:
    """The newest whole week in which there was anything to measure, the mean of the four weeks before, and the course.

    `unit` is as in the mart; `usual` is None where none of the four weeks had anything. The course is that of all weeks from the
    first that had anything to the last whole one, None where a week had nothing.
    """

    ill: str
    measure: str
    unit: str
    week_start: date
    value: float
    usual: float | None
    n: int
    course: tuple[float | None, ...]


def last_week(today: date) -> date:
    """The Monday of the last whole week before the one that a day is in; on a Sunday, that day's week is not over."""
    return monday(today) - timedelta(weeks=1)


def measures(connection: duckdb.DuckDBPyConnection, today: date) -> list[Measure]:
    """The measures of the ills in the ills' order, over the last whole weeks; those that none of them had are left out."""
    rows = frame(
        connection,
        """
        select ill, measure, unit, week_start, value, n from ills_weekly
        where week_start <= $last and week_start > $first order by week_start
        """,
        {
            "last": last_week(today),
            "first": last_week(today) - timedelta(weeks=_WEEKS),
        },
    )
    found = []
    for (ill, measure, unit), weeks in rows.group_by("ill", "measure", "unit", maintain_order=True):
        week_start = weeks["week_start"][-1]
        before = weeks.filter(
            pl.col("week_start").is_between(week_start - _USUAL, week_start, "left")
        )
        found.append(
            Measure(
                ill=str(ill),
                measure=str(measure),
                unit=str(unit),
                week_start=week_start,
                value=float(weeks["value"][-1]),
                usual=cast("float | None", before["value"].mean()),
                n=int(weeks["n"][-1]),
                course=_course(weeks, last_week(today)),
            )
        )
    return sorted(found, key=_place)


def _course(weeks: pl.DataFrame, last: date) -> tuple[float | None, ...]:
    known = {week: float(value) for week, value in weeks.select("week_start", "value").iter_rows()}
    first = min(known)
    return tuple(
        known.get(first + timedelta(weeks=place)) for place in range((last - first).days // 7 + 1)
    )


def _place(measure: Measure) -> tuple[int, int, str]:
    ills, measures = list(ILLS), list(MEASURES)
    return (
        ills.index(measure.ill) if measure.ill in ills else len(ills),
        measures.index(measure.measure) if measure.measure in measures else len(measures),
        measure.measure,
    )
