"""What tells how the pipeline fares: kept as marts, concluded in the log, and published whatever the checks found."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from pipelines.components.sql_models import INGEST, asset_keys, asset_spec, materialized
from pipelines.faults import TRIED_AGAIN, step
from pipelines.publish.publish import HEALTH_MARTS, health, publish
from pipelines.quality.conclusions import conclude
from pipelines.quality.health import (
    DATA_QUALITY_RELATION,
    QUARANTINE_RELATION,
    RUNS_RELATION,
    known_runs,
)
from pipelines.run_history import recent_runs
from pipelines.scope import Scope
from pipelines.steps import build_health, check, relations
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings
from service.application import Retour


def _last(models: Iterable[SqlModel]) -> set[str]:
    """The relations that no other reads: when they stand, all that is judged does."""
    judged = [each for each in models if each.relation not in HEALTH_MARTS]
    return {each.relation for each in judged} - {dep for each in judged for dep in each.deps}


@dg.definitions
def pipeline_health() -> dg.Definitions:
    models = relations()
    return dg.Definitions(assets=[_check_results(models), _published_health(models)])


def _check_results(models: Sequence[SqlModel]) -> dg.AssetsDefinition:
    named = {model.relation: model for model in models}
    data_quality, quarantine, runs = (
        named[relation] for relation in (DATA_QUALITY_RELATION, QUARANTINE_RELATION, RUNS_RELATION)
    )
    specs = [
        asset_spec(data_quality).merge_attributes(deps=asset_keys(_last(models))),
        asset_spec(quarantine).merge_attributes(deps=[INGEST]),
        asset_spec(runs).merge_attributes(deps=[INGEST]),
    ]

    @dg.multi_asset(name="check_results", specs=specs, retry_policy=TRIED_AGAIN)
    def check_results(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        retour: dg.ResourceParam[Retour],
    ) -> Iterator[dg.MaterializeResult[None]]:
        settings = load_settings()
        with step():
            verdicts = check(settings, warehouse, models, context.run.run_id, datetime.now(UTC))
            said = conclude(warehouse, retour, verdicts)
            told = recent_runs(context.instance, known_runs(warehouse))
            built = build_health(settings, warehouse, models, told)
        for model in (data_quality, quarantine, runs):
            result = materialized(model, warehouse, built[model.relation])
            metadata = {**(result.metadata or {}), "conclusions": len(said)}
            yield result._replace(metadata=metadata)

    return check_results


def _published_health(models: Sequence[SqlModel]) -> dg.AssetsDefinition:
    marts = health(models)

    @dg.asset(
        group_name="publish",
        deps=asset_keys(model.relation for model in marts),
        description="What the checks found, what is in quarantine and how runs went, as Parquet files and a manifest of "
        "their own: published also while a failing check holds the figures back.",
        owners=["team:data"],
        kinds={"parquet"},
        retry_policy=TRIED_AGAIN,
    )
    def published_health(
        warehouse: dg.ResourceParam[Warehouse], scope: Scope
    ) -> dg.MaterializeResult[None]:
        folder, now = load_settings().health_dir, datetime.now(UTC)
        with step():
            done = publish(warehouse, marts, folder, now, reads_files=scope.reads_files)
        return dg.MaterializeResult(
            metadata={
                "marts_changed": ", ".join(done.changed) or "none",
                "folder": dg.MetadataValue.path(str(folder.resolve())),
            }
        )

    return published_health
