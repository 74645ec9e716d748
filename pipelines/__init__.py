"""From the log to the published marts: lake, quality checks, warehouse, publication. `defs/` are the Dagster assets."""
