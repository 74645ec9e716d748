"""What the risk model sees of each application, whether the service saw the same, and who decides at present."""

from collections.abc import Iterator

import dagster as dg

from pipelines.components.sql_models import asset_spec, materialized
from pipelines.faults import TRIED_AGAIN, step
from pipelines.risk.bench import Bench
from pipelines.risk.seen import (
    PARITY_RELATION,
    SEEN_RELATION,
    Parity,
    build_parity,
    build_seen,
    parity,
)
from pipelines.risk.standing import STANDING_RELATIONS, build_standing
from pipelines.scope import Scope
from pipelines.steps import relations
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings
from service.application import Retour

CHAMPION = dg.AssetKey("risk_champion")


@dg.definitions
def risk_standing() -> dg.Definitions:
    named = {model.relation: model for model in relations()}
    return dg.Definitions(assets=[_seen(named), _compared(named), _standing(named)])


def _seen(named: dict[str, SqlModel]) -> dg.AssetsDefinition:
    model = named[SEEN_RELATION]

    @dg.multi_asset(name="risk_seen", specs=[asset_spec(model)], retry_policy=TRIED_AGAIN)
    def see_applications(
        warehouse: dg.ResourceParam[Warehouse], scope: Scope
    ) -> dg.MaterializeResult[None]:
        with step():
            scope.begin(warehouse, model)
            built = build_seen(warehouse, named)
        return materialized(model, warehouse, built)

    return see_applications


def _compared(named: dict[str, SqlModel]) -> dg.AssetsDefinition:
    model = named[PARITY_RELATION]

    @dg.multi_asset(
        name="risk_parity",
        specs=[asset_spec(model)],
        check_specs=[
            dg.AssetCheckSpec(
                "parity",
                asset=[model.schema, model.name],
                description="What every assessment saw is what the warehouse computes for it, in every field and to the last "
                "bit. While it fails, no model is promoted.",
            )
        ],
        retry_policy=TRIED_AGAIN,
    )
    def compare_with_the_service(
        warehouse: dg.ResourceParam[Warehouse], scope: Scope
    ) -> Iterator[dg.MaterializeResult[None]]:
        with step():
            scope.begin(warehouse, model)
            built = build_parity(warehouse, model)
            found = parity(warehouse)
        result = materialized(model, warehouse, built)
        yield result._replace(check_results=[parity_result(found, result.asset_key)])

    return compare_with_the_service


def parity_result(found: Parity, key: dg.AssetKey | None) -> dg.AssetCheckResult:
    """The comparison as a check, with its figures."""
    return dg.AssetCheckResult(
        passed=found.holds,
        asset_key=key,
        check_name="parity",
        severity=dg.AssetCheckSeverity.WARN,
        description=_said(found),
        metadata={
            "assessments": found.assessments,
            "fields": found.fields,
            "differing": found.differing,
            "not_compared": found.missing,
            "first_difference": found.first or "none",
        },
    )


def _said(found: Parity) -> str | None:
    if found.holds:
        return None
    return (
        f"{found.differing} of {found.fields} fields differ, first {found.first or 'none'}; "
        f"{found.missing} of {found.assessments} assessments could not be compared"
    )


def _standing(named: dict[str, SqlModel]) -> dg.AssetsDefinition:
    models = [named[relation] for relation in STANDING_RELATIONS]
    specs = [asset_spec(model) for model in models]
    after = [spec.merge_attributes(deps=[CHAMPION]) for spec in specs]

    @dg.multi_asset(name="risk_standing", specs=after, retry_policy=TRIED_AGAIN)
    def watch_models(
        warehouse: dg.ResourceParam[Warehouse], retour: dg.ResourceParam[Retour], scope: Scope
    ) -> Iterator[dg.MaterializeResult[None]]:
        with step():
            scope.begin(warehouse, *models)
            built = build_standing(warehouse, named, Bench.of(load_settings()), retour)
        for model in models:
            yield materialized(model, warehouse, built[model.relation])

    return watch_models
