"""What is done every night, and once a week, while nobody waits."""

from datetime import time
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.waiting import Clock, is_due, quiet_zone
from retour.settings import load_settings

_TOLD = "by the shop's own clock, which is looked at every quarter of an hour"


@dg.definitions
def nights() -> dg.Definitions:
    """In the shop's quiet hours. Its zone may first be known long after this was loaded, so each tick asks for it."""
    return dg.Definitions(
        schedules=[
            _schedule(
                "nightly_verify", "verify", Clock(time(3, 30)), "Reads and compares every file"
            ),
            _schedule("nightly_prune", "prune", Clock(time(3, 45)), "Forgets old runs"),
            _schedule("weekly_train", "train", Clock(time(4), weekday=0), "Trains every Monday"),
        ]
    )


def _schedule(name: str, job_name: str, clock: Clock, does: str) -> dg.ScheduleDefinition:
    at = f"{clock.at:%H:%M}"

    def when_due(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        moment, zone = context.scheduled_execution_time, ZoneInfo(quiet_zone(load_settings()))
        if is_due(context.instance, job_name, clock, moment, zone):
            return dg.RunRequest()
        return dg.SkipReason(f"due at {at}; in {zone.key} it is {moment.astimezone(zone):%H:%M}")

    return dg.ScheduleDefinition(
        name=name,
        job_name=job_name,
        cron_schedule="*/15 * * * *",
        execution_timezone="UTC",
        execution_fn=when_due,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"{does} at {at}, {_TOLD}.",
    )
