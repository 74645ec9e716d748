"""Whether what buyers did about flagged products helped."""

import dagster as dg

from pipelines.actions import EFFECTS_RELATION, build_effects
from pipelines.components.sql_models import asset_spec, materialized
from pipelines.faults import TRIED_AGAIN, step
from pipelines.scope import Scope
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse


@dg.definitions
def action_effects() -> dg.Definitions:
    (effects,) = (model for model in relations() if model.relation == EFFECTS_RELATION)

    @dg.multi_asset(name="flag_effects", specs=[asset_spec(effects)], retry_policy=TRIED_AGAIN)
    def measure_actions(
        warehouse: dg.ResourceParam[Warehouse], scope: Scope
    ) -> dg.MaterializeResult[None]:
        with step():
            scope.begin(warehouse, effects)
            built = build_effects(warehouse, effects)
        return materialized(effects, warehouse, built)

    return dg.Definitions(assets=[measure_actions])
