"""The evidence against each product, and the flags that follow from it."""

from collections.abc import Iterator

import dagster as dg

from models.products.detector import Detector
from pipelines.components.sql_models import asset_spec, materialized
from pipelines.faults import TRIED_AGAIN, step
from pipelines.product_flags import FLAGS_RELATION, KNOWN_RELATION, build_flags
from pipelines.products import (
    EVIDENCE_RELATION,
    EXPECTED_RELATION,
    build_evidence,
)
from pipelines.scope import Scope
from pipelines.steps import relations
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour


@dg.definitions
def problem_products() -> dg.Definitions:
    models = {model.relation: model for model in relations()}
    evidence, expected, flags, known = (
        models[name]
        for name in (EVIDENCE_RELATION, EXPECTED_RELATION, FLAGS_RELATION, KNOWN_RELATION)
    )
    detector = Detector()

    @dg.multi_asset(
        name="sku_evidence",
        specs=[asset_spec(evidence), asset_spec(expected)],
        retry_policy=TRIED_AGAIN,
    )
    def weigh_products(
        warehouse: dg.ResourceParam[Warehouse],
        scope: Scope,
    ) -> Iterator[dg.MaterializeResult[None]]:
        with step():
            scope.begin(warehouse, evidence, expected)
            built = build_evidence(warehouse, evidence, expected, detector)
        for model, each in zip((evidence, expected), built, strict=True):
            yield materialized(model, warehouse, each)

    @dg.multi_asset(
        name="sku_flags",
        specs=[asset_spec(flags), asset_spec(known)],
        retry_policy=TRIED_AGAIN,
    )
    def flag_products(
        warehouse: dg.ResourceParam[Warehouse], retour: dg.ResourceParam[Retour], scope: Scope
    ) -> Iterator[dg.MaterializeResult[None]]:
        with step():
            scope.begin(warehouse, flags, known)
            done = build_flags(warehouse, flags, known, retour, detector)
        result = materialized(flags, warehouse, done.built)
        metadata = {**(result.metadata or {}), "raised": done.raised, "cleared": done.cleared}
        yield result._replace(metadata=metadata)
        yield materialized(known, warehouse, done.known)

    return dg.Definitions(assets=[weigh_products, flag_products])
