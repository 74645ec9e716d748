"""What can be run."""

from typing import Any

import dagster as dg

from pipelines.liveness import claim
from pipelines.product_flags import FLAGS_RELATION, KNOWN_RELATION
from pipelines.products import EVIDENCE_RELATION, EXPECTED_RELATION
from pipelines.retention import KEPT_FAILURES, KEPT_RUNS, prune_history

_INGEST = dg.AssetKey("ingest")
_MODEL = [
    dg.AssetKey(relation.split("."))
    for relation in (EVIDENCE_RELATION, EXPECTED_RELATION, FLAGS_RELATION, KNOWN_RELATION)
]

_TRAINING = dg.AssetSelection.keys(
    "risk_profiles", "risk_training_frame", "risk_challenger", "risk_champion"
)
_ALWAYS = dg.AssetSelection.all() - _TRAINING


def _with(**scope: Any) -> dict[str, Any]:
    return {"resources": {"scope": {"config": scope}}}


refresh = dg.define_asset_job(
    "refresh",
    selection=_ALWAYS,
    description="Takes in what the log has new, builds what follows from it, publishes the marts. "
    "What nothing new concerns is left as it stands.",
    executor_def=dg.in_process_executor,
)

rebuild = dg.define_asset_job(
    "rebuild",
    selection=_ALWAYS,
    config=_with(everything=True, from_log=False),
    description="Makes every relation anew from the lake, whatever stands, and publishes what came out otherwise. "
    "With `from_log: true` in the launchpad it makes the lake anew from the log first.",
    executor_def=dg.in_process_executor,
)

rebuild_days = dg.define_asset_job(
    "rebuild_days",
    selection=_ALWAYS - dg.AssetSelection.assets(_INGEST),
    config=_with(first_day="", last_day=""),
    description="Makes exactly one stretch of days anew in every relation kept by day, week or month, from the lake as it stands, "
    "and publishes what came out otherwise. What is kept by return, order or case stays as it stands: `rebuild` makes that "
    "anew. Name `first_day` and `last_day` in the launchpad, such as 2026-03-01.",
    executor_def=dg.in_process_executor,
)

verify = dg.define_asset_job(
    "verify",
    selection=_ALWAYS,
    config=_with(reads_files=True),
    description="A refresh that reads every file of lake, quarantine and publication and compares it with what was "
    "written. A published file that differs is written again; one of the lake ends the run and is named.",
    executor_def=dg.in_process_executor,
)

train = dg.define_asset_job(
    "train",
    selection=(
        dg.AssetSelection.assets(*_MODEL).downstream().required_multi_asset_neighbors()
        | _TRAINING
        | _TRAINING.downstream().required_multi_asset_neighbors()
    ),
    config=_with(everything=True),
    description="Trains a risk model on what is known, promotes it where it is certified and cheaper, weighs every product "
    "anew by what was sold and came back, and publishes what follows. A refresh weighs products where sales or returns "
    "changed; this does it whatever changed.",
    executor_def=dg.in_process_executor,
)


@dg.op(description="Deletes old runs with all that they left, and gives the room back to the disk.")
def prune_runs_and_logs(context: dg.OpExecutionContext) -> None:
    claim(context.instance, context.run_id)
    pruned = prune_history(context.instance)
    context.add_output_metadata({"runs_forgotten": pruned.runs, "bytes_freed": pruned.bytes_freed})


@dg.job(
    executor_def=dg.in_process_executor,
    description=f"Forgets the oldest runs: the newest {KEPT_RUNS} that went well and {KEPT_FAILURES} that failed are kept.",
)
def prune() -> None:
    prune_runs_and_logs()
