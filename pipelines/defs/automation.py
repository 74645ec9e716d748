"""When it runs by itself: as soon as events wait, every hour, and a look for runs that died."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.defs.jobs import refresh
from pipelines.liveness import end_hung_runs, fail_dead_runs
from pipelines.waiting import PAUSE, backlog, next_refresh_at
from retour.progress import past_being_played
from retour.settings import load_settings

_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_BUSY = "a run is waiting or running"


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=f"Refreshes when events wait that no publication tells of, {PAUSE.seconds} s after the last refresh "
    "began at the earliest. A refresh that fails is tried again after two minutes, then ever more slowly. While a "
    "practice shop's past is being played it waits.",
)
def new_events(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    settings = load_settings()
    waiting = backlog(settings)
    if not waiting.events:
        return dg.SkipReason(f"nothing is new since event {waiting.head:,}")
    if played := past_being_played(settings, datetime.now(UTC)):
        return dg.SkipReason(
            f"{waiting.events:,} events wait until the practice shop's past is played, of which {played.share:.0%} is"
        )
    if _is_busy(context.instance):
        return dg.SkipReason(f"{waiting.events:,} events wait; {_BUSY}")
    earliest = next_refresh_at(context.instance, refresh.name)
    if earliest and datetime.now(UTC) < earliest:
        return dg.SkipReason(f"{waiting.events:,} events wait until {earliest:%H:%M:%S} UTC")
    return dg.RunRequest(tags={"retour/events_waiting": str(waiting.events)})


@dg.schedule(
    job=refresh,
    cron_schedule="0 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Refreshes every hour, even while the sensor `new_events` is off, so that marts are never older.",
)
def hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    fail_dead_runs(context.instance)
    return dg.SkipReason(_BUSY) if _is_busy(context.instance) else dg.RunRequest()


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs whose process died as failed, and ends those that take longer than RETOUR_LONGEST_RUN_HOURS; "
    "else the queue would wait for them for ever.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    longest = timedelta(hours=load_settings().longest_run_hours)
    ended = [*fail_dead_runs(context.instance), *end_hung_runs(context.instance, longest)]
    return dg.SkipReason(
        f"marked as failed: {', '.join(ended)}" if ended else "every run in progress is alive"
    )


def _is_busy(instance: dg.DagsterInstance) -> bool:
    return instance.get_runs_count(dg.RunsFilter(statuses=_UNFINISHED)) > 0
