"""The pipeline's steps as plain functions: the assets call them, and so does whoever wants no Dagster."""

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from models.products.detector import Detector
from pipelines.lake.ingest import IngestReport, drain
from pipelines.lake.manifest import Manifest
from pipelines.products import (
    EVIDENCE_RELATION,
    EXPECTED_RELATION,
    FLAGS_RELATION,
    build_evidence,
    build_flags,
)
from pipelines.publish.publish import Published, publish
from pipelines.quality.results import BatchQuality, Frames
from pipelines.warehouse.models import SqlModel, load_models
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


def build(warehouse: Warehouse, retour: Retour, models: Sequence[SqlModel]) -> None:
    """Bring every relation up to date, each after those it reads."""
    named, detector = {model.relation: model for model in models}, Detector()
    for model in models:
        if not model.is_python:
            warehouse.build(model)
        elif model.relation in (EVIDENCE_RELATION, EXPECTED_RELATION):
            build_evidence(warehouse, named[EVIDENCE_RELATION], named[EXPECTED_RELATION], detector)
        elif model.relation == FLAGS_RELATION:
            build_flags(warehouse, model, retour, detector)


def run_steps(settings: Settings, retour: Retour, now: datetime) -> Published:
    """What the job `refresh` does, without Dagster."""
    models = load_models(SQL_DIR)
    with Warehouse.of(settings, say=_progress.info) as warehouse:
        take_in(settings, retour, warehouse)
        build(warehouse, retour, models)
        return publish(warehouse, models, settings.published_dir, now)


def _check_batch(frames: Frames) -> BatchQuality:
    """Great Expectations takes seconds to import: only when there is something to judge."""
    from pipelines.quality.runner import check_batch

    return check_batch(frames)
