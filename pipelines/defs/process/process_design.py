"""The process as the service's table of moves designs it."""

import dagster as dg

from pipelines.components.sql_models import asset_spec, materialized
from pipelines.faults import TRIED_AGAIN, step
from pipelines.process import DESIGN_RELATION, build_design
from pipelines.scope import Scope
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse


@dg.definitions
def process_design() -> dg.Definitions:
    (design,) = (model for model in relations() if model.relation == DESIGN_RELATION)

    @dg.multi_asset(name="process_design", specs=[asset_spec(design)], retry_policy=TRIED_AGAIN)
    def read_design(
        warehouse: dg.ResourceParam[Warehouse], scope: Scope
    ) -> dg.MaterializeResult[None]:
        with step():
            scope.begin(warehouse, design)
            built = build_design(warehouse, design)
        return materialized(design, warehouse, built)

    return dg.Definitions(assets=[read_design])
