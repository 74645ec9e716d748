"""What is done every night, and once a week, while nobody waits."""

import dagster as dg

from pipelines.waiting import quiet_zone
from retour.settings import load_settings


@dg.definitions
def nights() -> dg.Definitions:
    """In the shop's quiet hours, by its own clock."""
    return dg.Definitions(
        schedules=[
            _nightly("verify", 30, "Reads and compares every file"),
            _nightly("prune", 45, "Forgets old runs"),
            dg.ScheduleDefinition(
                name="weekly_train",
                job_name="train",
                cron_schedule="0 4 * * 1",
                execution_timezone=quiet_zone(load_settings()),
                default_status=dg.DefaultScheduleStatus.RUNNING,
                description="Trains every Monday before the shop opens, by its own clock.",
            ),
        ]
    )


def _nightly(job_name: str, minute: int, does: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"nightly_{job_name}",
        job_name=job_name,
        cron_schedule=f"{minute} 3 * * *",
        execution_timezone=quiet_zone(load_settings()),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"{does}, in the quiet hours of the shop by its own clock.",
    )
