"""The job `refresh` as one function, for tests that ask what comes of it and not how Dagster runs it."""

import logging
from datetime import datetime
from uuid import uuid4

from pipelines import steps
from pipelines.publish.publish import Published, figures, health, publish
from pipelines.quality.conclusions import conclude
from pipelines.quality.gate import let_pass
from pipelines.quality.history import History
from pipelines.risk.bench import Bench
from pipelines.steps import build, build_health, check, take_in
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour

_progress = logging.getLogger("retour.progress")


def run_steps(settings: Settings, retour: Retour, now: datetime) -> Published:
    """What the job `refresh` does, without Dagster."""
    models, run_id = steps.relations(), str(uuid4())
    with Warehouse.of(settings, say=_progress.info) as warehouse:
        warehouse.keep_only(models)
        report = take_in(settings, retour, warehouse)
        History(settings.quality_dir).add_batch(report.checks, run_id, now)
        build(warehouse, retour, models, Bench.of(settings))
        verdicts = check(settings, warehouse, models, run_id, now)
        conclude(warehouse, retour, verdicts)
        build_health(settings, warehouse, models)
        publish(warehouse, health(models), settings.health_dir, now)
        let_pass(verdicts)
        return publish(warehouse, figures(models), settings.published_dir, now)
