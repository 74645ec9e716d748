"""The marts, published for whoever reads them without a lock."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dagster as dg

from pipelines.components.sql_models import asset_keys
from pipelines.faults import TRIED_AGAIN, step
from pipelines.publish.publish import MARTS, Published, publish
from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings


@cache
def marts(sql_dir: Path) -> tuple[SqlModel, ...]:
    """The relations that are published."""
    return tuple(model for model in load_models(sql_dir) if model.schema == MARTS)


@dg.definitions
def publication() -> dg.Definitions:
    @dg.asset(
        group_name="publish",
        deps=asset_keys(model.relation for model in marts(SQL_DIR)),
        description="All marts as Parquet files and one manifest, replaced last: what dashboards and training read.",
        owners=["team:data"],
        kinds={"parquet"},
        retry_policy=TRIED_AGAIN,
    )
    def published(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        settings = load_settings()
        with step():
            done = publish(warehouse, marts(SQL_DIR), settings.published_dir, datetime.now(UTC))
        return dg.MaterializeResult(metadata=_metadata(done, settings.published_dir))

    return dg.Definitions(assets=[published])


def _metadata(
    done: Published, published_dir: Path
) -> dict[str, str | int | dg.MarkdownMetadataValue | dg.PathMetadataValue]:
    publication = done.publication
    return {
        "snapshot": publication.snapshot,
        "as_of": str(publication.as_of),
        "through_seq": publication.through_seq,
        "marts_changed": ", ".join(done.changed) or "none",
        "folder": dg.MetadataValue.path(str(published_dir.resolve())),
        "marts": dg.MetadataValue.md(_marts_table(done)),
    }


def _marts_table(done: Published) -> str:
    lines = [
        f"| {name} | {sum(file.rows for file in mart.files)} | {sum(file.bytes for file in mart.files)} |"
        for name, mart in done.publication.marts.items()
    ]
    return "\n".join(["| mart | rows | bytes |", "|---|---|---|", *lines])
