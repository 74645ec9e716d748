"""The marts, published for whoever reads them without a lock."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from pipelines.components.markdown import table
from pipelines.components.sql_models import FRESH, asset_keys
from pipelines.faults import TRIED_AGAIN, step
from pipelines.publish.publish import Published, figures, publish
from pipelines.quality.gate import let_pass
from pipelines.scope import Scope
from pipelines.steps import check, relations
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings


@dg.definitions
def publication() -> dg.Definitions:
    models = relations()
    marts = figures(models)

    @dg.asset(
        group_name="publish",
        deps=[*asset_keys(model.relation for model in marts), "published_health"],
        description="All figures as Parquet files and one manifest, replaced last: what dashboards and training read. "
        "While a blocking rule is broken, the last good ones stay.",
        owners=["team:data"],
        kinds={"parquet"},
        retry_policy=TRIED_AGAIN,
        freshness_policy=FRESH,
    )
    def published(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse], scope: Scope
    ) -> dg.MaterializeResult[None]:
        settings, now = load_settings(), datetime.now(UTC)
        with step():
            let_pass(check(settings, warehouse, models, context.run.run_id, now))
            done = publish(
                warehouse, marts, settings.published_dir, now, reads_files=scope.reads_files
            )
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
        (name, sum(file.rows for file in mart.files), sum(file.bytes for file in mart.files))
        for name, mart in done.publication.marts.items()
    ]
    return table(("mart", "rows", "bytes"), lines)
