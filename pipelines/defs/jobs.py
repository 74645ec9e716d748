"""What can be run."""

import dagster as dg

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Takes in what the log has new, builds what follows from it, publishes the marts. "
    "What nothing new concerns is left as it stands.",
    executor_def=dg.in_process_executor,
)
