"""The words that customers use of products with a problem."""

import dagster as dg

from pipelines.components.sql_models import asset_spec, materialized
from pipelines.faults import TRIED_AGAIN, step
from pipelines.phrases import PHRASES_RELATION, build_phrases
from pipelines.scope import Scope
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour


@dg.definitions
def customers_words() -> dg.Definitions:
    (phrases,) = (model for model in relations() if model.relation == PHRASES_RELATION)

    @dg.multi_asset(name="sku_phrases", specs=[asset_spec(phrases)], retry_policy=TRIED_AGAIN)
    def find_phrases(
        warehouse: dg.ResourceParam[Warehouse], retour: dg.ResourceParam[Retour], scope: Scope
    ) -> dg.MaterializeResult[None]:
        with step():
            scope.begin(warehouse, phrases)
            built = build_phrases(warehouse, phrases, retour)
        return materialized(phrases, warehouse, built)

    return dg.Definitions(assets=[find_phrases])
