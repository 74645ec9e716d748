"""From the warehouse to the detector and back: the evidence, and the flags that follow from it."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import models.products
from models.products.culprits import SLICES, culprits, with_culprits
from models.products.detector import Detector
from models.products.dismissed import Evidence, new_evidence
from models.products.evidence import Findings, nothing_found, weigh
from models.products.flags import Decisions, Dismissals, decide
from models.products.record import Record
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour
from service.domain.events import Actor, Event, SkuCleared, SkuFlagged
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

SOURCE = "retour/pipeline"
EVIDENCE_RELATION = "intermediate.sku_evidence"
EXPECTED_RELATION = "intermediate.sku_expected"
FLAGS_RELATION = "intermediate.sku_flags"
_FLAGS = pl.Schema({"sku": pl.String(), "status": pl.String(), "flagged_at": pl.Datetime("us")})


@dataclass(frozen=True, slots=True)
class FlagsBuilt:
    """The flags as they stand, and how many this run raised and cleared."""

    built: Built
    raised: int
    cleared: int


def build_evidence(
    warehouse: Warehouse, evidence: SqlModel, expected: SqlModel, detector: Detector
) -> tuple[Built, Built]:
    """Weigh every product, unless nothing that the detector reads has changed."""
    prints = [_fingerprint(warehouse, model, detector) for model in (evidence, expected)]
    standing = [
        warehouse.current(model.relation, each)
        for model, each in zip((evidence, expected), prints, strict=True)
    ]
    if standing[0] and standing[1]:
        return standing[0], standing[1]
    findings = _weigh(warehouse, detector)
    return (
        warehouse.replace(evidence.relation, findings.evidence, prints[0]),
        warehouse.replace(expected.relation, findings.expected, prints[1]),
    )


def build_flags(
    warehouse: Warehouse, model: SqlModel, retour: Retour, detector: Detector
) -> FlagsBuilt:
    """Append what changed to the log, then keep the flags as they stand.

    The row of a flag raised now carries the moment that its event carries, so the next run gives the same row.
    """
    print_ = _fingerprint(warehouse, model, detector)
    if standing := warehouse.current(model.relation, print_):
        return FlagsBuilt(standing, 0, 0)
    as_of = warehouse.run.as_of
    evidence = warehouse.query(f"select * from {EVIDENCE_RELATION} order by sku")
    logged = warehouse.query(
        """select sku, max(seq) as seq, arg_max(is_raised, seq) as is_raised,
                  max(case when is_raised then concluded_at end) as flagged_at
           from staging.sku_flags group by sku order by sku"""
    )
    raised = set(logged.filter("is_raised")["sku"])
    decisions = decide(evidence, raised, detector, _dismissals(warehouse, evidence))
    if as_of is not None:
        retour.conclusions.append(_conclusions(decisions, evidence, logged, as_of, detector))
    flags = _as_they_stand(decisions, logged, as_of)
    return FlagsBuilt(
        warehouse.replace(model.relation, flags, print_),
        len(decisions.flagged),
        len(decisions.cleared),
    )


def _dismissals(warehouse: Warehouse, evidence: pl.DataFrame) -> Dismissals:
    """What buyers dismissed, by whether today's evidence is another one."""
    answered = warehouse.query(
        """select flags.sku, steps.happened_at as dismissed_at, flags.probability, flags.lift, flags.lift_low,
                  flags.excess_units, flags.since, flags.stream, flags.cause, flags.culprit_value as culprit
           from staging.flags_raised as flags
           inner join staging.flag_steps as steps on steps.flag_id = flags.flag_id and steps.step <> 'assigned'
           qualify row_number() over (partition by flags.sku order by flags.seq desc, steps.seq desc) = 1
               and steps.step = 'dismissed'
           order by flags.sku"""
    )
    today = {row["sku"]: row for row in evidence.iter_rows(named=True)}
    again = {
        row["sku"]
        for row in answered.iter_rows(named=True)
        if row["sku"] in today
        and new_evidence(
            _held_against(row), row["dismissed_at"].date(), _held_against(today[row["sku"]])
        )
    }
    return Dismissals(
        hold=frozenset(answered["sku"]) - again,
        reopened=frozenset(again),
    )


def _held_against(row: dict[str, Any]) -> Evidence:
    return Evidence(
        probability=row["probability"] or 0.0,
        lift=row["lift"],
        lift_low=row["lift_low"],
        excess_units=row["excess_units"],
        since=row["since"],
        stream=row["stream"],
        cause=row.get("cause", row.get("likely_cause")),
        culprit=row.get("culprit", row.get("culprit_value")),
    )


def _fingerprint(warehouse: Warehouse, model: SqlModel, detector: Detector) -> str:
    """What a relation of Python's would be made from: its inputs, the detector's settings, and the code itself."""
    return warehouse.fingerprint(model, repr(detector), _code())


@cache
def _code() -> str:
    """After an upgrade rows of the old code must not stand: they may even lack a column."""
    sources = sorted((*Path(models.products.__path__[0]).glob("*.py"), Path(__file__)))
    return digest(*(path.read_text(encoding="utf-8") for path in sources))


def _weigh(warehouse: Warehouse, detector: Detector) -> Findings:
    now = warehouse.query("select today, week_start from intermediate.shop_now").rows()
    if not now:
        return nothing_found()
    ((today, week_start),) = now
    products = warehouse.query(
        "select sku, category, vendor, parent from staging.products order by sku"
    )
    findings = weigh(_record(warehouse, products, today, week_start), detector)
    evidence = findings.evidence
    found = culprits(_slices(warehouse, evidence, detector), evidence, findings.a_line)
    named = with_culprits(evidence, found, products, detector.least_probability)
    return replace(findings, evidence=named)


def _record(warehouse: Warehouse, products: pl.DataFrame, today: date, week_start: date) -> Record:
    return Record(
        sales=warehouse.query(
            """select sku, week_start, order_lines, units_sold, paid_minor, currency
               from intermediate.sales_weekly order by sku, week_start, currency"""
        ),
        incidents=warehouse.query(
            """select sku, week_start, sold_week_start, units, reason
               from intermediate.return_incidents order by sku, week_start, rma, line_no"""
        ),
        products=products.select("sku", "category", "parent"),
        this_week=week_start,
        share_of_week=((today - week_start).days + 1) / 7,
        costs=warehouse.query(
            """select sku, currency, units, lost_minor from intermediate.sku_costs
               order by sku, currency"""
        ),
    )


def _slices(warehouse: Warehouse, evidence: pl.DataFrame, detector: Detector) -> pl.DataFrame:
    """What was sold and came back of the products that may be flagged, by batch and country."""
    odd = evidence.filter(
        pl.col("probability") >= detector.clears_below, pl.col("since").is_not_null()
    )["sku"]
    if odd.is_empty():
        return SLICES.to_frame()
    # Said as words, not joined, so that nothing is read of any other product.
    said = ", ".join("'" + sku.replace("'", "''") + "'" for sku in odd)
    return warehouse.query(
        "select sku, week_start, lot, region, reason, order_lines, incidents"
        f" from intermediate.sku_slices where sku in ({said})"  # quoted above
        " order by sku, week_start, lot, region, reason"
    )


def _conclusions(
    decisions: Decisions,
    evidence: pl.DataFrame,
    logged: pl.DataFrame,
    as_of: datetime,
    detector: Detector,
) -> list[Event]:
    found = {row["sku"]: row for row in evidence.iter_rows(named=True)}
    last = dict(logged.select("sku", "seq").iter_rows())
    flagged = [_flagged(found[sku], as_of, detector) for sku in decisions.flagged]
    cleared = [
        SkuCleared(
            sku=sku,
            lift=found[sku]["lift"] if sku in found else 0.0,
            detector_version=detector.version,
        )
        for sku in decisions.cleared
    ]
    concluded: list[SkuFlagged | SkuCleared] = [*flagged, *cleared]
    return [_event(each, last.get(each.sku, 0), as_of) for each in concluded]


def _flagged(row: dict[str, object], as_of: datetime, detector: Detector) -> SkuFlagged:
    said = {
        name: row[name]
        for name in (
            "sku",
            "lift",
            "lift_low",
            "lift_high",
            "excess_units",
            "stream",
            "probability",
            "culprit_dimension",
            "culprit_value",
            "money_at_risk_minor",
            "currency",
            "suggested_action",
        )
    }
    return SkuFlagged.model_validate(
        {
            **said,
            "since": str(row["since"] or as_of.date()),
            "cause": row["likely_cause"],
            "detector_version": detector.version,
        }
    )


def _event(payload: SkuFlagged | SkuCleared, after_seq: int, as_of: datetime) -> Event:
    """Its id follows from the conclusion that it comes after, so that a product may be flagged again later."""
    moment = as_of.replace(tzinfo=UTC)
    return Event(
        id=derived_event_id(to_us(moment), SOURCE, payload.type, payload.sku, str(after_seq)),
        source=SOURCE,
        subject=payload.sku,
        time=moment,
        data=payload,
        actor=Actor("pipeline"),
    )


def _as_they_stand(
    decisions: Decisions, logged: pl.DataFrame, as_of: datetime | None
) -> pl.DataFrame:
    kept = {
        sku: ("flagged" if is_raised else "cleared", flagged_at)
        for sku, is_raised, flagged_at in logged.select(
            "sku", "is_raised", "flagged_at"
        ).iter_rows()
    }
    kept |= {sku: ("cleared", kept[sku][1]) for sku in decisions.cleared}
    kept |= dict.fromkeys(decisions.flagged, ("flagged", as_of))
    rows = [(sku, status, flagged_at) for sku, (status, flagged_at) in sorted(kept.items())]
    return pl.DataFrame(rows, schema=_FLAGS, orient="row")
