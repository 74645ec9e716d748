"""When it runs: the job `refresh` every quarter of an hour, and a look for runs that died."""

import dagster as dg

from pipelines.liveness import fail_dead_runs

_WAITING_OR_RUNNING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Takes in what the log has new, builds what follows from it, publishes the marts.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=refresh,
    cron_schedule="*/15 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Refreshes every quarter of an hour, unless a refresh is waiting or running.",
)
def every_quarter_hour(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    fail_dead_runs(context.instance)
    unfinished = dg.RunsFilter(job_name=refresh.name, statuses=_WAITING_OR_RUNNING)
    if context.instance.get_runs_count(unfinished):
        return dg.SkipReason("a refresh is waiting or running")
    return dg.RunRequest()


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs whose process died as failed; else the queue would wait for them for ever.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    dead = fail_dead_runs(context.instance)
    return dg.SkipReason(
        f"marked as failed: {', '.join(dead)}" if dead else "every run in progress is alive"
    )
