"""The component that makes assets of a folder of SQL: one file, one relation, one asset.

Its dependencies are exactly those that the SQL names; its description, owner and columns are the file's header.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import dagster as dg

from pipelines.faults import TRIED_AGAIN, step
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.kept_models import read_models
from pipelines.warehouse.lineage import ColumnRef
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings

INGEST = dg.AssetKey("ingest")
# An hourly schedule refreshes even while nothing is new, so what is older than that was not refreshed.
FRESH = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=2), warn_window=timedelta(minutes=75)
)
_GIVEN = ("lake", "meta")  # schemas that stand when the log was taken in


class SqlModels(dg.Component, dg.Model, dg.Resolvable):
    """Assets for every relation of a folder of SQL files; `sql_dir` is relative to this component's folder."""

    sql_dir: str

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """One asset for each `.sql` file. Relations that Python builds are assets where their code is."""
        folder = (context.path / self.sql_dir).resolve()
        models = [
            model for model in read_models(folder, load_settings().var_dir) if not model.is_python
        ]
        return dg.Definitions(assets=[sql_asset(model) for model in models])


def sql_asset(model: SqlModel) -> dg.AssetsDefinition:
    """The asset that builds one relation."""

    @dg.multi_asset(
        name=model.relation.replace(".", "__"),
        specs=[asset_spec(model)],
        required_resource_keys={"warehouse", "scope"},
        retry_policy=TRIED_AGAIN,
    )
    def build(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        warehouse: Warehouse = context.resources.warehouse
        with step():
            built = context.resources.scope.build(warehouse, model)
            return materialized(model, warehouse, built)

    return build


def asset_spec(model: SqlModel) -> dg.AssetSpec:
    """What Dagster shows of a relation, whether SQL or Python builds it."""
    return dg.AssetSpec(
        key=[model.schema, model.name],
        deps=asset_keys(model.deps),
        description=f"{model.header.description}\n\nOne row is {model.header.grain}.",
        group_name=model.schema,
        owners=[f"team:{model.header.owner}"],
        kinds={"duckdb", "python" if model.is_python else "sql"},
        code_version=model.sql or None,
        freshness_policy=FRESH if model.schema == "marts" else None,
        metadata={
            "dagster/table_name": model.relation,
            "dagster/column_schema": _column_schema(model),
            "dagster/column_lineage": _column_lineage(model),
            "dagster/code_references": dg.CodeReferencesMetadataValue(
                code_references=[dg.LocalFileCodeReference(file_path=str(model.path.resolve()))]
            ),
            "key": ", ".join(model.header.key),
            "refresh": model.header.refresh,
        },
    )


def asset_keys(relations: Iterable[str]) -> Sequence[dg.AssetKey]:
    """The assets behind relations: all that the lake gives is `ingest`."""
    return sorted({_asset_key(relation) for relation in relations})


def materialized(model: SqlModel, warehouse: Warehouse, built: Built) -> dg.MaterializeResult[None]:
    """The result of a run's step: the rows (but of views that are dear to count), the columns as they came out, and what was done.

    Where something was made it tells as well where each column comes from. Of all relations that is half a second and more
    than a megabyte in Dagster's record, too much for a refresh that finds nothing new.
    """
    counted = {} if built.rows is None else {"dagster/row_count": built.rows}
    traced = {"dagster/column_lineage": _column_lineage(model)} if built.is_new else {}
    return dg.MaterializeResult(
        asset_key=[model.schema, model.name],
        data_version=dg.DataVersion(built.fingerprint),
        metadata={
            **counted,
            **traced,
            "dagster/column_schema": _column_schema(model, warehouse.columns(model.relation)),
            "was_rebuilt": built.is_new,
            "how": built.how,
            "rows_touched": built.touched,
        },
    )


def _asset_key(relation: str) -> dg.AssetKey:
    schema, name = relation.split(".", 1)
    return INGEST if schema in _GIVEN else dg.AssetKey([schema, name])


def _column_schema(model: SqlModel, types: dict[str, str] | None = None) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, (types or {}).get(name, "unknown").lower(), description)
            for name, description in model.header.columns.items()
        ]
    )


def _column_lineage(model: SqlModel) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {name: [_column_dep(source) for source in found] for name, found in model.lineage.items()}
    )


def _column_dep(source: ColumnRef) -> dg.TableColumnDep:
    key = _asset_key(source.relation)
    column = f"{source.relation}.{source.column}" if key == INGEST else source.column
    return dg.TableColumnDep(key, column)
