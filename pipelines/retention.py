"""Old runs are forgotten: a run leaves about a megabyte behind, and a schedule makes a hundred of them a day."""

import dagster as dg

KEPT_RUNS = 200
_A_TIME = 20


def prune_runs(instance: dg.DagsterInstance, *, keep: int = KEPT_RUNS) -> int:
    """Delete the oldest ended runs beyond `keep`, a few at a time; returns how many."""
    ended = dg.RunsFilter(
        statuses=[
            dg.DagsterRunStatus.SUCCESS,
            dg.DagsterRunStatus.FAILURE,
            dg.DagsterRunStatus.CANCELED,
        ]
    )
    kept = instance.get_run_ids(ended, limit=keep)
    if len(kept) < keep:
        return 0
    old = instance.get_run_ids(ended, cursor=kept[-1], limit=_A_TIME)
    for run_id in old:
        instance.delete_run(run_id)
    return len(old)
