"""The second and third door: the rules on the warehouse's tables, shown beside each table."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from pipelines.alerts import failing
from pipelines.components.markdown import table
from pipelines.components.sql_models import asset_keys
from pipelines.faults import TRIED_AGAIN, step
from pipelines.publish.publish import HEALTH_MARTS
from pipelines.quality.doors import Verdict, failing_rows, failing_rows_sql, rules_for
from pipelines.quality.rules import Door
from pipelines.steps import check, relations
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings

CHECK = "keeps_its_rules"


@dg.definitions
def doors() -> dg.Definitions:
    models = [each for each in relations() if each.relation not in HEALTH_MARTS]
    marts = [each for each in models if each.schema == "marts"]
    others = [each for each in models if each.schema != "marts"]
    return dg.Definitions(asset_checks=[_door("intermediate", others), _door("marts", marts)])


def _door(door: Door, models: Sequence[SqlModel]) -> dg.AssetChecksDefinition:
    """One step that judges all tables of a door, each by a check of its own.

    None is `blocking` in Dagster's sense: that would hold back the next table, which this step waits for. What stops
    publication is told by `published`, when all checks have spoken.
    """
    specs = [_spec(model) for model in models if rules_for([model])]

    @dg.multi_asset_check(
        name=f"door_of_{door}",
        specs=specs,
        description=f"Judges the tables of {door}.",
        can_subset=True,
        retry_policy=TRIED_AGAIN,
    )
    def judge_tables(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        run_id, now = context.run.run_id, datetime.now(UTC)
        with step():
            verdicts = check(load_settings(), warehouse, models, run_id, now)
        for model in models:
            its = [each for each in verdicts if each.rule.relation == model.relation]
            if its and dg.AssetCheckKey(_key(model), CHECK) in context.selected_asset_check_keys:
                yield table_check(model, its, warehouse)

    return judge_tables


def _spec(model: SqlModel) -> dg.AssetCheckSpec:
    rules = rules_for([model])
    return dg.AssetCheckSpec(
        CHECK,
        asset=_key(model),
        description="; ".join(f"{each.says} ({each.severity})" for each in rules),
    )


def _key(model: SqlModel) -> dg.AssetKey:
    (key,) = asset_keys([model.relation])
    return key


def table_check(
    model: SqlModel, verdicts: Sequence[Verdict], warehouse: Warehouse
) -> dg.AssetCheckResult:
    """What a table's page shows: each rule with its numbers, and of what broke one the rows and how to see them all."""
    stops = any(each.stops_publication for each in verdicts)
    broken = [each for each in verdicts if not each.passed]
    return dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=_key(model),
        passed=not broken,
        severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
        description=_said(broken),
        metadata={
            "rows": max(each.found.rows for each in verdicts),
            "failing_rows": sum(each.found.failing_rows for each in verdicts),
            "stops_publication": stops,
            "rules": dg.MetadataValue.md(_rules_table(verdicts)),
            **failing((each.rule.name, _words(each), each.found.failing_rows) for each in broken),
            **{
                name: value
                for each in broken
                for name, value in _evidence(each, failing_rows(warehouse, each.rule))
            },
        },
    )


def _said(broken: Iterable[Verdict]) -> str | None:
    return "; ".join(map(_words, broken)) or None


def _words(verdict: Verdict) -> str:
    return f"{verdict.rule.says}: {verdict.found.failing_rows} rows fail"


def _rules_table(verdicts: Iterable[Verdict]) -> str:
    lines = [
        (each.rule.name, each.rule.says, each.rule.severity, each.found.failing_rows)
        for each in sorted(verdicts, key=lambda each: -each.found.failing_rows)
    ]
    return table(("rule", "in words", "severity", "failing rows"), lines)


def _evidence(
    verdict: Verdict, rows: pl.DataFrame
) -> Iterator[tuple[str, dg.MetadataValue[str | None]]]:
    name = verdict.rule.name
    yield f"{name}: first rows", dg.MetadataValue.md(table(rows.columns, rows.iter_rows()))
    yield f"{name}: all rows", dg.MetadataValue.md(f"```sql\n{failing_rows_sql(verdict.rule)}\n```")
