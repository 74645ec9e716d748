"""Whether events wait for a refresh, and whether it is time for one. Cheap: asked every few seconds.

What is published is compared with the log, not the lake: a run that died after it had taken the events in has not
shown them to anybody yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.publish.manifest import Publication
from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour

QUARTER = timedelta(minutes=15)  # what every zone's clocks differ from UTC by a whole number of
# Between the beginnings of two refreshes: a busy shop has one a minute.
PAUSE = timedelta(seconds=45)
AFTER_FAILURE = timedelta(minutes=2)  # doubled with every further one
AT_MOST = timedelta(hours=1)
_LOOKED_BACK = 10
_SUCCEEDED, _FAILED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, or of one day of the week (0: Monday)."""

    at: time
    weekday: int | None = None

    def last_stood(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The latest moment, not after this one, at which a clock of that zone stood so (UTC)."""
        today = moment.astimezone(zone).date()
        days = (today - timedelta(days=back) for back in range(8))
        stood = (
            datetime.combine(day, self.at, zone).astimezone(UTC)
            for day in days
            if self.weekday in (None, day.weekday())
        )
        return next(each for each in stood if each <= moment)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The newest event of the log, and the one up to which the marts tell."""

    head: int
    published: int

    @property
    def events(self) -> int:
        return max(0, self.head - self.published)


def backlog(settings: Settings) -> Backlog:
    """What no publication tells yet. Raises `UserError` where the log cannot be read."""
    published = Publication.load(settings.published_dir)
    return Backlog(_retour(settings).log_head(), published.through_seq if published else 0)


def quiet_zone(settings: Settings) -> str:
    """The time zone in which the shop sleeps: its own, as set or as last published."""
    published = Publication.load(settings.published_dir)
    return settings.timezone or (published.timezone if published else "UTC")


def is_due(
    instance: dg.DagsterInstance, job_name: str, clock: Clock, moment: datetime, zone: ZoneInfo
) -> bool:
    """Whether no run of a job began since the shop's clock last stood so. Asked every `QUARTER` of an hour.

    What was missed while nothing ran by itself is made up for; of a job that never ran nothing was missed.
    """
    newest = instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=1)
    begun = newest[0].create_timestamp if newest else moment - QUARTER
    return begun < clock.last_stood(moment, zone) <= moment


@cache
def _retour(settings: Settings) -> Retour:
    """Opened once in a process: it looks after its tables each time."""
    return open_retour(settings)


def next_refresh_at(instance: dg.DagsterInstance, job_name: str) -> datetime | None:
    """The moment before which no other refresh should begin; None where none ran yet.

    A job that fails is tried again ever more slowly: what a person must mend is not mended by trying.
    """
    ended = dg.RunsFilter(job_name=job_name, statuses=[_SUCCEEDED, _FAILED])
    records = instance.get_run_records(ended, limit=_LOOKED_BACK)
    if not records:
        return None
    return records[0].create_timestamp + _pause([each.dagster_run.status for each in records])


def _pause(newest_first: Sequence[dg.DagsterRunStatus]) -> timedelta:
    failures = next(
        (place for place, status in enumerate(newest_first) if status is _SUCCEEDED),
        len(newest_first),
    )
    return min(AT_MOST, AFTER_FAILURE * 2 ** (failures - 1)) if failures else PAUSE
