"""The pipeline's steps as plain functions: the assets call them, and so does whoever wants no Dagster."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from models.products.detector import Detector
from pipelines.actions import EFFECTS_RELATION, build_effects
from pipelines.lake.ingest import IngestReport, drain, start_anew
from pipelines.lake.manifest import Manifest
from pipelines.lake.quarantine import read_quarantine
from pipelines.phrases import PHRASES_RELATION, build_phrases
from pipelines.process import DESIGN_RELATION, build_design
from pipelines.product_flags import FLAGS_RELATION, KNOWN_RELATION, build_flags
from pipelines.products import (
    EVIDENCE_RELATION,
    EXPECTED_RELATION,
    build_evidence,
)
from pipelines.publish.publish import HEALTH_MARTS
from pipelines.quality.doors import Verdict, judge
from pipelines.quality.health import (
    DATA_QUALITY_RELATION,
    QUARANTINE_RELATION,
    RUNS_RELATION,
    build_data_quality,
    build_quarantine,
    build_runs,
)
from pipelines.quality.history import History
from pipelines.quality.results import BatchQuality, Frames
from pipelines.risk.bench import Bench
from pipelines.risk.seen import PARITY_RELATION, SEEN_RELATION, build_parity, build_seen
from pipelines.risk.standing import STANDING_RELATIONS, build_standing
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.kept_models import read_models
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings, load_settings
from service.application import Retour

SQL_DIR = Path(__file__).resolve().parents[1] / "sql"
_progress = logging.getLogger("retour.progress")


def relations() -> tuple[SqlModel, ...]:
    """Every relation of `sql/`, each after those it reads. Raises `ModelError`."""
    return read_models(SQL_DIR, load_settings().relations_dir)


def take_in(
    settings: Settings,
    retour: Retour,
    warehouse: Warehouse,
    *,
    from_log: bool = False,
    reads_files: bool = False,
) -> IngestReport:
    """Take what the log has new into the lake, or with `from_log` all of it, and let the warehouse see it.

    With `reads_files` every file that the lake has is read and compared first. Raises `LakeDamaged`, `LogReplaced`.
    """
    if reads_files:
        Manifest.load(settings.lake_dir).verify(settings.quarantine_dir)
    if from_log:
        start_anew(retour.read_log, settings.lake_dir)
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


def build(
    warehouse: Warehouse,
    retour: Retour,
    models: Sequence[SqlModel],
    bench: Bench | None = None,
) -> None:
    """Bring every relation up to date, each after those it reads. Without a `bench` no risk model was ever trained."""
    named = {model.relation: model for model in models}
    for model in models:
        build_relation(warehouse, retour, model, named, bench)


def build_relation(
    warehouse: Warehouse,
    retour: Retour,
    model: SqlModel,
    named: Mapping[str, SqlModel],
    bench: Bench | None = None,
) -> None:
    """Bring one relation up to date, after those it reads; those that one work makes together come with one of them."""
    if not model.is_python:
        warehouse.build(model)
    elif model.relation in (EVIDENCE_RELATION, EXPECTED_RELATION):
        build_evidence(warehouse, named[EVIDENCE_RELATION], named[EXPECTED_RELATION], Detector())
    elif model.relation in (FLAGS_RELATION, KNOWN_RELATION):
        build_flags(warehouse, named[FLAGS_RELATION], named[KNOWN_RELATION], retour, Detector())
    elif model.relation == PHRASES_RELATION:
        build_phrases(warehouse, model, retour)
    elif model.relation == EFFECTS_RELATION:
        build_effects(warehouse, model)
    elif model.relation == DESIGN_RELATION:
        build_design(warehouse, model)
    elif model.relation == SEEN_RELATION:
        build_seen(warehouse, named)
    elif model.relation == PARITY_RELATION:
        build_parity(warehouse, model)
    elif model.relation == _last_of(STANDING_RELATIONS, named):
        bench = bench or Bench.beside(warehouse.path.with_name("no models"))
        build_standing(warehouse, named, bench, retour)


def _last_of(together: Iterable[str], named: Mapping[str, SqlModel]) -> str:
    """Of relations that one work makes, the one after which all are there that any of them reads."""
    return max(together, key=list(named).index)


def check(
    settings: Settings,
    warehouse: Warehouse,
    models: Iterable[SqlModel],
    run_id: str,
    now: datetime,
) -> tuple[Verdict, ...]:
    """Judge these relations where they changed since they were judged last, and note it in the history."""
    history = History(settings.quality_dir)
    judged = [model for model in models if model.relation not in HEALTH_MARTS]
    verdicts = judge(warehouse, judged, history.standing())
    history.add_verdicts(verdicts, run_id, now)
    return verdicts


def build_health(
    settings: Settings,
    warehouse: Warehouse,
    models: Iterable[SqlModel],
    runs: pl.DataFrame | None = None,
) -> dict[str, Built]:
    """Bring up to date what tells how the pipeline fares; what was made, by relation. Without `runs` theirs stay as known."""
    named, history = {model.relation: model for model in models}, History(settings.quality_dir)
    quarantined = read_quarantine(Manifest.load(settings.lake_dir), settings.quarantine_dir)
    data_quality, quarantine = named[DATA_QUALITY_RELATION], named[QUARANTINE_RELATION]
    return {
        data_quality.relation: build_data_quality(warehouse, data_quality, history),
        quarantine.relation: build_quarantine(warehouse, quarantine, quarantined),
        RUNS_RELATION: build_runs(warehouse, named[RUNS_RELATION], runs),
    }


def _check_batch(frames: Frames) -> BatchQuality:
    """Great Expectations takes seconds to import: only when there is something to judge."""
    from pipelines.quality.runner import check_batch

    return check_batch(frames)
