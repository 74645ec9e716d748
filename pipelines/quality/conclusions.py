"""A rule that stops publication and is broken, or kept again, is a conclusion in the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.quality.doors import Verdict
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour
from service.domain.events import Actor, CheckFailed, CheckPassed, Event
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

SOURCE = "retour/pipeline"


@dataclass(frozen=True, slots=True)
class _Last:
    """The last conclusion on a rule that the lake holds."""

    seq: int = 0
    is_failing: bool = False


def conclude(
    warehouse: Warehouse, retour: Retour, verdicts: Iterable[Verdict]
) -> tuple[CheckFailed | CheckPassed, ...]:
    """Append to the log which blocking rules are newly broken, and which are kept again; returns what was said."""
    as_of = warehouse.run.as_of
    if as_of is None:
        return ()
    logged = _logged(warehouse)
    said = [
        (payload, last.seq)
        for verdict in verdicts
        if verdict.rule.severity == "blocking"
        for last in [logged.get((verdict.rule.relation, verdict.rule.name), _Last())]
        if (payload := _news(verdict, last)) is not None
    ]
    if said:
        retour.conclusions.append([_event(payload, seq, as_of) for payload, seq in said])
    return tuple(payload for payload, _ in said)


def _logged(warehouse: Warehouse) -> dict[tuple[str, str], _Last]:
    rows = warehouse.query(
        """select relation, rule, max(seq) as seq, arg_max(is_failing, seq) as is_failing
           from staging.check_conclusions group by relation, rule"""
    )
    return {(relation, rule): _Last(*last) for relation, rule, *last in rows.iter_rows()}


def _news(verdict: Verdict, last: _Last) -> CheckFailed | CheckPassed | None:
    rule = verdict.rule
    if verdict.passed == (not last.is_failing):
        return None
    if verdict.passed:
        return CheckPassed(relation=rule.relation, rule=rule.name)
    return CheckFailed(
        relation=rule.relation, rule=rule.name, failing_rows=verdict.found.failing_rows
    )


def _event(payload: CheckFailed | CheckPassed, after_seq: int, as_of: datetime) -> Event:
    """Its id follows from the conclusion that it comes after, so that a rule may be broken again later."""
    moment = as_of.replace(tzinfo=UTC)
    parts = (SOURCE, payload.type, payload.relation, payload.rule, str(after_seq))
    return Event(
        id=derived_event_id(to_us(moment), *parts),
        source=SOURCE,
        subject=payload.relation,
        time=moment,
        data=payload,
        actor=Actor("pipeline"),
    )
