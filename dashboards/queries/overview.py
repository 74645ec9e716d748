"""What the page *Overview* shows: the five ills that the shop is to be cured of, week by week."""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from dashboards.queries.frames import frame
from dashboards.words import ILLS, MEASURES

_WEEKS = 13
_USUAL = 4  # weeks before the last one that say what is usual


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure's last whole week, the mean of up to four weeks before, and its course; `unit` as in the mart."""

    ill: str
    measure: str
    unit: str
    week_start: date
    value: float
    usual: float | None
    n: int
    course: tuple[float, ...]


def measures(connection: duckdb.DuckDBPyConnection, today: date) -> list[Measure]:
    """The measures of the ills in the ills' order, over the last whole weeks; those that were never taken are left out."""
    rows = frame(
        connection,
        """
        select ill, measure, unit, week_start, value, n from ills_weekly
        where week_start <= $last and week_start > $first order by week_start
        """,
        {
            "last": today - timedelta(days=7),
            "first": today - timedelta(days=7) - timedelta(weeks=_WEEKS),
        },
    )
    found = []
    for (ill, measure, unit), weeks in rows.group_by("ill", "measure", "unit", maintain_order=True):
        values = [float(value) for value in weeks["value"].to_list()]
        before = values[:-1][-_USUAL:]
        found.append(
            Measure(
                ill=str(ill),
                measure=str(measure),
                unit=str(unit),
                week_start=weeks["week_start"][-1],
                value=values[-1],
                usual=sum(before) / len(before) if before else None,
                n=int(weeks["n"][-1]),
                course=tuple(values),
            )
        )
    return sorted(found, key=_place)


def _place(measure: Measure) -> tuple[int, int, str]:
    ills, measures = list(ILLS), list(MEASURES)
    return (
        ills.index(measure.ill) if measure.ill in ills else len(ills),
        measures.index(measure.measure) if measure.measure in measures else len(measures),
        measure.measure,
    )
