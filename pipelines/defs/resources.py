"""What assets work with, opened once per run and closed at its end."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from pipelines.faults import named
from pipelines.liveness import claim, fail_dead_runs
from pipelines.publish.manifest import Publication
from pipelines.publish.publish import health, publish
from pipelines.quality.health import RUNS_RELATION, build_runs, known_runs
from pipelines.retention import prune_runs
from pipelines.run_history import recent_runs
from pipelines.scope import Scope
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings, load_settings
from service.application import Retour

_progress = logging.getLogger("retour.progress")


@dg.resource(description="The warehouse; its lock is held for the length of the run.")
def warehouse(context: dg.InitResourceContext) -> Iterator[Warehouse]:
    instance, settings = context.instance, load_settings()
    if instance and context.run:
        claim(instance, context.run.run_id)
    with Warehouse.of(settings, say=_progress.info) as opened:
        if instance:
            fail_dead_runs(instance)
            prune_runs(instance)
        try:
            yield opened
        finally:
            if instance and context.run:
                _tell_of_the_end(opened, settings, instance, context.run.run_id)


def _tell_of_the_end(
    warehouse: Warehouse, settings: Settings, instance: dg.DagsterInstance, run_id: str
) -> None:
    """Publish how the run went, whichever way: no step comes to it after one has failed."""
    models = health(relations())
    if not Publication.load(settings.health_dir):
        return  # nothing of the kind was published yet
    try:
        (model,) = (each for each in models if each.relation == RUNS_RELATION)
        build_runs(warehouse, model, recent_runs(instance, known_runs(warehouse), ending=run_id))
        publish(warehouse, models, settings.health_dir, datetime.now(UTC))
    except Exception as fault:  # what went wrong in the run itself must be what is told
        _progress.info("how the run went could not be published (%s)", named(fault))


@dg.resource(description="The service's application: the log is read and appended to through it.")
def retour(_: dg.InitResourceContext) -> Retour:
    return open_retour(load_settings())


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(
        resources={"warehouse": warehouse, "retour": retour, "scope": Scope.configure_at_launch()},
        executor=dg.in_process_executor,
    )
