"""The pipeline's steps as plain functions: the assets call them, and so does whoever wants no Dagster."""

import logging
from pathlib import Path

from pipelines.lake.ingest import IngestReport, drain
from pipelines.lake.manifest import Manifest
from pipelines.quality.results import BatchQuality, Frames
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour

SQL_DIR = Path(__file__).parents[1] / "sql"
_progress = logging.getLogger("retour.progress")


def take_in(settings: Settings, retour: Retour, warehouse: Warehouse) -> IngestReport:
    """Take what the log has new into the lake, and let the warehouse see it."""
    head = retour.log_head()
    behind = head - Manifest.load(settings.lake_dir).through_seq
    if behind > 0:
        _progress.info("taking in %s events", f"{behind:,}")
    report = drain(
        retour.read_log,
        settings.lake_dir,
        settings.quarantine_dir,
        check_batch=_check_batch,
        progress=lambda seq: _progress.info("  through event %s of %s", f"{seq:,}", f"{head:,}"),
    )
    warehouse.attach_lake()
    return report


def _check_batch(frames: Frames) -> BatchQuality:
    """Great Expectations takes seconds to import: only when there is something to judge."""
    from pipelines.quality.runner import check_batch

    return check_batch(frames)
