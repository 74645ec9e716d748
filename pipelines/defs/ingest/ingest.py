"""The log into the lake, and the checks at its door."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from pipelines.alerts import failing
from pipelines.components.markdown import table
from pipelines.faults import TRIED_AGAIN, step
from pipelines.lake.ingest import IngestReport
from pipelines.lake.manifest import Manifest
from pipelines.lake.quarantine import Quarantined, read_quarantine
from pipelines.lake.tables import tables
from pipelines.quality.history import History
from pipelines.quality.results import ExpectationResult
from pipelines.quality.suites import EVENTS, suite
from pipelines.scope import Scope
from pipelines.steps import relations, take_in
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import load_settings
from service.application import Retour

NOTHING_IN_QUARANTINE = "nothing_in_quarantine"
_SHOWN = 50


def _checked() -> dict[str, list[str]]:
    """The tables that each check judges, by family of events: a check a table were a hundred on one page."""
    found = {EVENTS: [EVENTS]}
    for each in tables().values():
        if suite(each.name):
            found.setdefault(each.family, []).append(each.name)
    return found


_CHECKED = _checked()


@dg.asset(
    group_name="ingest",
    description="Takes what the log has new into the lake: typed Parquet segments under one manifest.",
    owners=["team:data"],
    kinds={"parquet", "polars"},
    retry_policy=TRIED_AGAIN,
    check_specs=[
        *(
            dg.AssetCheckSpec(
                family,
                asset="ingest",
                description="; ".join(
                    f"{name}: {each.description}" for name in judged for each in suite(name)
                ),
            )
            for family, judged in _CHECKED.items()
        ),
        dg.AssetCheckSpec(
            NOTHING_IN_QUARANTINE,
            asset="ingest",
            description="Every event of the log went into the lake; none was set aside.",
        ),
    ],
)
def ingest(
    context: dg.AssetExecutionContext,
    warehouse: dg.ResourceParam[Warehouse],
    retour: dg.ResourceParam[Retour],
    scope: Scope,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster does not know a result with checks by its argument
    settings = load_settings()
    with step():
        warehouse.keep_only(relations())
        report = take_in(
            settings,
            retour,
            warehouse,
            from_log=scope.from_log,
            reads_files=scope.reads_files,
        )
        History(settings.quality_dir).add_batch(
            report.checks, context.run.run_id, datetime.now(UTC)
        )
    quarantined = read_quarantine(Manifest.load(settings.lake_dir), settings.quarantine_dir)
    return dg.MaterializeResult(
        metadata=ingested(report),
        check_results=[*batch_checks(report.checks), quarantine_check(quarantined)],
    )


def ingested(report: IngestReport) -> dict[str, int | str | bool]:
    """What the run's page says of the drain."""
    return {
        "through_seq": report.through_seq,
        "events_read": report.events,
        "events_quarantined": sum(report.quarantined.values()),
        "events_quarantined_in_all": report.quarantined_in_all,
        "was_made_anew": report.was_made_anew,
    }


def batch_checks(results: Sequence[ExpectationResult]) -> Iterator[dg.AssetCheckResult]:
    """One check per family of events, over the batches of this run; without new rows there is nothing to fail."""
    for family, judged in _CHECKED.items():
        found = [each for each in results if each.table in judged]
        yield dg.AssetCheckResult(
            check_name=family,
            passed=all(each.passed for each in found),
            description=_said(found),
            metadata={
                "rows": sum({each.table: each.rows for each in found}.values()),
                "failing_rows": sum(each.failing_rows for each in found),
                "expectations": dg.MetadataValue.md(_expectations_table(found)),
                **failing(
                    (
                        (
                            f"{each.table}: {each.description}",
                            f"{each.failing_rows:,} rows fail",
                            each.failing_rows,
                        )
                        for each in found
                        if not each.passed
                    ),
                    of_a_batch=True,
                ),
            },
        )


def quarantine_check(quarantined: Sequence[Quarantined]) -> dg.AssetCheckResult:
    """Fails, without stopping anything, as long as an event of the log is not in the lake."""
    reasons = Counter((str(each.kind), each.type or "–", each.reason) for each in quarantined)
    return dg.AssetCheckResult(
        check_name=NOTHING_IN_QUARANTINE,
        passed=not quarantined,
        description=f"{len(quarantined):,} events of the log are not in the lake"
        if quarantined
        else None,
        metadata={
            "events": len(quarantined),
            "reasons": dg.MetadataValue.md(_reasons_table(reasons)),
            **failing(_by_kind(reasons)),
        },
    )


def _said(results: Sequence[ExpectationResult]) -> str | None:
    told = [
        f"{each.table}: {each.description} ({each.failing_rows:,} rows fail)"
        for each in results
        if not each.passed
    ]
    return "; ".join(told) or None


def _expectations_table(results: Sequence[ExpectationResult]) -> str:
    lines = [
        (
            each.table,
            each.description,
            each.rows,
            each.failing_rows,
            ", ".join(map(str, each.failing_seqs)),
        )
        for each in sorted(results, key=lambda each: -each.failing_rows)
    ]
    return table(("table", "expectation", "rows", "failing", "events"), lines)


def _by_kind(reasons: Counter[tuple[str, str, str]]) -> Iterator[tuple[str, str, int]]:
    """By what is wrong with events of which type: in the words of the reason that most of them have."""
    kinds = Counter[tuple[str, str]]()
    for (kind, type_, _), count in reasons.items():
        kinds[kind, type_] += count
    most = {(kind, type_): reason for (kind, type_, reason), _ in reversed(reasons.most_common())}
    for (kind, type_), count in kinds.most_common():
        words = f"{count:,} events of the log are not in the lake, most of them because: {most[kind, type_]}"
        yield f"{type_}, {kind}", words, count


def _reasons_table(reasons: Counter[tuple[str, str, str]]) -> str:
    lines = [(*reason, count) for reason, count in reasons.most_common(_SHOWN)]
    return table(("kind", "event type", "reason", "events"), lines)
