"""The flags that follow from the evidence: what a run raises and clears, and all that are known."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from models.products.detector import Detector
from models.products.dismissed import Evidence, another_problem, new_evidence
from models.products.flags import Answers, Decisions, decide
from pipelines.products import EVIDENCE_RELATION, SOURCE, fingerprint
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour
from service.domain.events import Actor, Event, SkuAnswerWeighed, SkuCleared, SkuFlagged
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

FLAGS_RELATION = "intermediate.sku_flags"
KNOWN_RELATION = "intermediate.flags_known"
_FLAGS = pl.Schema({"sku": pl.String(), "status": pl.String(), "flagged_at": pl.Datetime("us")})
_SAID = (
    "since",
    "lift",
    "lift_low",
    "lift_high",
    "excess_units",
    "stream",
    "probability",
    "cause",
    "culprit_dimension",
    "culprit_value",
    "money_at_risk_minor",
    "currency",
    "suggested_action",
)


@dataclass(frozen=True, slots=True)
class FlagsBuilt:
    """The flags as they stand, all that are known, and how many this run raised and cleared."""

    built: Built
    known: Built
    raised: int
    cleared: int


def build_flags(
    warehouse: Warehouse, flags: SqlModel, known: SqlModel, retour: Retour, detector: Detector
) -> FlagsBuilt:
    """Append what changed to the log, then keep the flags as they stand, and all that are known.

    The rows of a flag raised now carry what its event carries, so the next run gives the same rows.
    """
    prints = [fingerprint(warehouse, model, detector) for model in (flags, known)]
    standing = [
        warehouse.current(model.relation, each)
        for model, each in zip((flags, known), prints, strict=True)
    ]
    if standing[0] and standing[1]:
        return FlagsBuilt(standing[0], standing[1], 0, 0)
    as_of = warehouse.run.as_of
    evidence = warehouse.query(f"select * from {EVIDENCE_RELATION} order by sku")
    logged = warehouse.query(
        """select sku, max(seq) as seq, arg_max(is_raised, seq) as is_raised,
                  max(case when is_raised then concluded_at end) as flagged_at
           from staging.sku_flags group by sku order by sku"""
    )
    raised = set(logged.filter("is_raised")["sku"])
    answered = _answered(warehouse)
    decisions = decide(evidence, raised, detector, _answers(answered, evidence))
    concluded = []
    if as_of is not None:
        concluded = _conclusions(decisions, evidence, logged, as_of, detector)
        retour.conclusions.append([*_weighed(answered, evidence, as_of, detector), *concluded])
    return FlagsBuilt(
        warehouse.replace(flags.relation, _as_they_stand(decisions, logged, as_of), prints[0]),
        warehouse.replace(known.relation, _known(warehouse, concluded, as_of), prints[1]),
        len(decisions.flagged),
        len(decisions.cleared),
    )


def _known(warehouse: Warehouse, concluded: list[Event], as_of: datetime | None) -> pl.DataFrame:
    """All flags of the log, and those that this run raises; what it concludes ends the older flag on the same product."""
    said = ", ".join(f"flags.{each}" for each in _SAID)
    logged = warehouse.query(
        f"""with conclusions as (
                select seq, lead(concluded_at) over (partition by sku order by seq) as ended_at
                from staging.sku_flags
            )

            select flags.flag_id, flags.sku, flags.flagged_at, conclusions.ended_at, {said}
            from staging.flags_raised as flags
            inner join conclusions on conclusions.seq = flags.seq
            order by flags.seq"""
    )
    told = [each.subject for each in concluded]
    ends_now = pl.col("ended_at").is_null() & pl.col("sku").is_in(told)
    now = pl.lit(as_of).cast(logged.schema["ended_at"])
    ended = logged.with_columns(ended_at=pl.when(ends_now).then(now).otherwise("ended_at"))
    raised = [
        {
            "flag_id": str(each.id),
            "sku": each.subject,
            "flagged_at": as_of,
            "ended_at": None,
            **each.data.model_dump(include=set(_SAID)),
            "since": date.fromisoformat(str(each.data.since)),
        }
        for each in concluded
        if isinstance(each.data, SkuFlagged)
    ]
    new = pl.DataFrame(raised, schema=ended.schema, infer_schema_length=None)
    return pl.concat([ended, new]).sort("flag_id")


def _answered(warehouse: Warehouse) -> pl.DataFrame:
    """Products whose newest flag a buyer dismissed, or acted on, last of all, with what a run held against each when it
    first saw that; nulls where none has seen it yet."""
    return warehouse.query(
        """with newest as (
               select flags.sku, max(flags.seq) as seq from staging.flags_raised as flags group by flags.sku
           ),

           answers as (
               select flags.sku, max_by(steps.event_id, steps.seq) as answer_id, max_by(steps.step, steps.seq) as step,
                      max_by(steps.happened_at, steps.seq) as answered_at
               from newest
               inner join staging.flags_raised as flags on flags.seq = newest.seq
               inner join staging.flag_steps as steps on steps.flag_id = flags.flag_id
               where steps.step <> 'assigned'
               group by flags.sku
           ),

           first_seen as (
               select answer_id, min(seq) as seq from staging.answers_weighed group by answer_id
           )

           select answers.sku, answers.answer_id, answers.step, answers.answered_at, weighed.* exclude (sku, answer_id)
           from answers
           left join first_seen on first_seen.answer_id = answers.answer_id
           left join staging.answers_weighed as weighed on weighed.seq = first_seen.seq
           where answers.step in ('dismissed', 'action_taken')
           order by answers.sku"""
    )


def _answers(answered: pl.DataFrame, evidence: pl.DataFrame) -> Answers:
    """What buyers answered, by whether today's evidence is another one."""
    today = {row["sku"]: row for row in evidence.iter_rows(named=True)}
    again = {
        row["sku"]
        for row in answered.iter_rows(named=True)
        if row["sku"] in today and _is_new(row, today[row["sku"]])
    }
    dismissed = answered.filter(pl.col("step") == "dismissed")["sku"]
    return Answers(hold=frozenset(dismissed) - again, reopened=frozenset(again))


def _is_new(answer: dict[str, Any], today: dict[str, Any]) -> bool:
    """A run that is the first to see an answer knows no older evidence than its own."""
    why = new_evidence if answer["step"] == "dismissed" else another_problem
    then = today if answer["seq"] is None else answer
    return why(_held_against(then), answer["answered_at"].date(), _held_against(today)) is not None


def _held_against(row: dict[str, Any]) -> Evidence:
    return Evidence(
        lift=row["lift"],
        lift_low=row["lift_low"],
        lift_high=row["lift_high"],
        units_expected=row["units_expected"],
        excess_units=row["excess_units"],
        since=row["since"],
        stream=row["stream"],
        cause=row.get("cause", row.get("likely_cause")),
        culprit=row["culprit_value"],
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
    return [_event(each, str(last.get(each.sku, 0)), as_of) for each in concluded]


def _weighed(
    answered: pl.DataFrame, evidence: pl.DataFrame, as_of: datetime, detector: Detector
) -> list[Event]:
    """Of every answer that no run has seen yet, what is held against its product now."""
    found = {row["sku"]: row for row in evidence.iter_rows(named=True)}
    unseen = answered.filter(pl.col("seq").is_null())
    return [
        _event(_answer_weighed(answer_id, found[sku], detector), answer_id, as_of)
        for sku, answer_id in unseen.select("sku", "answer_id").iter_rows()
        if sku in found
    ]


def _answer_weighed(answer_id: str, row: dict[str, object], detector: Detector) -> SkuAnswerWeighed:
    same = set(SkuAnswerWeighed.model_fields) & set(row)
    return SkuAnswerWeighed.model_validate(
        {
            **{name: row[name] for name in same},
            "answer_id": answer_id,
            "since": str(row["since"]) if row["since"] else None,
            "cause": row["likely_cause"],
            "detector_version": detector.version,
        }
    )


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
            "own_level",
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


def _event(
    payload: SkuFlagged | SkuCleared | SkuAnswerWeighed, after: str, as_of: datetime
) -> Event:
    """Its id follows from what it comes after, so that a product may be flagged again later."""
    moment = as_of.replace(tzinfo=UTC)
    return Event(
        id=derived_event_id(to_us(moment), SOURCE, payload.type, payload.sku, after),
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
