"""What assets work with, opened once per run and closed at its end."""

import logging
from collections.abc import Iterator

import dagster as dg

from pipelines.liveness import claim, fail_dead_runs
from pipelines.retention import prune_runs
from pipelines.scope import Scope
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import load_settings
from service.application import Retour

_progress = logging.getLogger("retour.progress")


@dg.resource(description="The warehouse; its lock is held for the length of the run.")
def warehouse(context: dg.InitResourceContext) -> Iterator[Warehouse]:
    instance = context.instance
    if instance and context.run:
        claim(instance, context.run.run_id)
    with Warehouse.of(load_settings(), say=_progress.info) as opened:
        if instance:
            fail_dead_runs(instance)
            prune_runs(instance)
        yield opened


@dg.resource(description="The service's application: the log is read and appended to through it.")
def retour(_: dg.InitResourceContext) -> Retour:
    return open_retour(load_settings())


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(
        resources={"warehouse": warehouse, "retour": retour, "scope": Scope.configure_at_launch()},
        executor=dg.in_process_executor,
    )
