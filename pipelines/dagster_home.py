"""Dagster's home: where its runs are kept, and with which settings. Imports no Dagster where there is one: that takes seconds."""

import json
from pathlib import Path

from retour.errors import UserError
from retour.settings import Settings

_CONFIG = """\
# Made by Retour where there was none; yours to change, never overwritten.
telemetry:
  enabled: false
nux:
  enabled: false
# One run at a time: the warehouse has one writer. A second run waits in the queue.
concurrency:
  runs:
    max_concurrent_runs: 1
# Runs that never got as far as starting; those that died later are found by the sensor `dead_runs`.
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  poll_interval_seconds: 30
# What runs say, one SQLite file a run, as Dagster keeps it by itself. Where this folder moves, its new place is written here.
event_log_storage:
  module: pipelines.event_log
  class: OpenEventLog
  config:
    base_dir: {base_dir}
# Steps print nothing; what they say is in the run's log.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
retention:
  schedule:  # those of the night are asked every quarter of an hour
    purge_after_days:
      skipped: 1
      failure: 30
      success: 30
  sensor:
    purge_after_days:
      skipped: 1
      failure: 30
      success: 1
"""


class DagsterHomeUnwritable(UserError):
    """Dagster has no place to keep its runs."""


def ensure_dagster_home(settings: Settings) -> Path:
    """The folder for DAGSTER_HOME, absolute, with a `dagster.yaml` in it and the tables of Dagster's record.

    Of two programs that begin with a record without tables, Dagster's webserver and its daemon, one ends with an error.
    """
    home = settings.dagster_home.resolve()
    config = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not config.exists():
            events = json.dumps(str(home / "history" / "runs"))
            config.write_text(_CONFIG.format(base_dir=events), encoding="utf-8")
            _make_record(home)
    except OSError as refused:
        raise DagsterHomeUnwritable(
            f"cannot write {refused.filename or home} ({refused.strerror}); make it writable, "
            "or name another folder with RETOUR_VAR_DIR"
        ) from refused
    return home


def _make_record(home: Path) -> None:
    from dagster import DagsterInstance

    with DagsterInstance.from_config(str(home)) as instance:
        for storage in (
            instance.run_storage,
            instance.event_log_storage,
            instance.schedule_storage,
        ):
            if storage is None:
                raise TypeError(f"Dagster keeps no record in {home}")
