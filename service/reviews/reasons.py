"""Why a return was decided as it was, or why a person is to look at it: in words, and never as a score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from service.domain import details
from service.domain.events import (
    PAYLOADS,
    Payload,
    RecordedEvent,
    ReturnAssessed,
    ReturnAuthorized,
    ReturnDeclined,
    ReturnWithdrawn,
    ReviewDecided,
    ReviewRequested,
    RuleOutcome,
)
from service.domain.lifecycle import UNDECIDED, Line, can
from service.domain.policy import WHY, WHY_DECLINED, why
from service.domain.risk import WITHOUT_MODEL
from service.domain.words import Language, Phrase
from service.platform import log
from service.platform.clock import from_us
from service.platform.ids import read_rma
from service.platform.language import say
from service.platform.unit import Context
from service.returns import repository as returns
from service.returns.crowding import has_room
from service.returns.held import UnknownReturn
from service.reviews import repository
from service.reviews.schemas import DecidedBy, ReasonsView, WhyView
from service.risk.reasons import BY_LOT, in_words

_WHY: Mapping[str, Phrase] = {str(rule): phrase for rule, phrase in WHY.items()}
_LOOK = Phrase("A person looks at it.")
_KEPT = Phrase("All rules of policy {version} were kept.")
_GRANTED = Phrase("The law grants it: nobody had to decide.")
_LATE = Phrase("Nobody decided in time, so it was authorized.")
_BY_PERSON: Mapping[str, Phrase] = {
    "authorized": Phrase("A person looked at it and authorized it."),
    "declined": Phrase("A person looked at it and declined it."),
}
_AND: Mapping[Language, str] = {"en": ", ", "zh": "；"}
_PERSON_DECIDES = Phrase("A person decides; you need not do anything for that.")
_CAN_ASK = Phrase("You can ask for a person to decide, until {until}.")
_ELSEWHERE = Phrase(
    "What was declined is in another return of yours by now: ask for a person there, or cancel it first."
)
_WRITE = Phrase("If you see it differently, write to us: a person reads and answers it.")


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and who took it."""

    decision: str | None
    by: DecidedBy | None
    why: tuple[Phrase, ...]


def reasons_of(context: Context, rma: str, language: Language) -> ReasonsView:
    """Why a return was decided as it was, for its customer. Raises `UnknownReturn`."""
    rma = read_rma(rma)
    with context.db.read() as connection:
        head = returns.find(connection, rma)
        if head is None:
            raise UnknownReturn(rma)
        lines = returns.lines_of(returns.rows_of(connection, rma), head)
        how = _how(connection, head, list(lines.values()))
        events = log.read_subject(connection, rma)
    told = [PAYLOADS[each.type].model_validate_json(each.data) for each in events]
    decided = _decided(told)
    return ReasonsView.model_validate(
        {
            "rma": rma,
            "decision": decided.decision,
            "decided_by": decided.by,
            "reasons": [say(each, language, zone=context.zone) for each in decided.why],
            "can_ask_for_a_person": how.text == _CAN_ASK.text,
            "how": say(how, language, zone=context.zone),
        }
    )


def whys_of(
    connection: Connection, reviews: Sequence[Row[Any]], language: Language
) -> dict[str, list[WhyView]]:
    """Why a person is to look at each of these returns, for the reviewer; by RMA."""
    assessed = repository.assessments(connection, [each.rma for each in reviews])
    return {rma: _whys(said, language) for rma, said in assessed.items()}


def who_declined(events: Sequence[RecordedEvent]) -> frozenset[str]:
    """The reviewers who declined the return, as far as they are known by name."""
    found = [
        ReviewDecided.model_validate_json(each.data)
        for each in events
        if each.type == ReviewDecided.type
    ]
    return frozenset(
        each.reviewer_key for each in found if each.decision == "decline" and each.reviewer_key
    )


def who_may_not_decide(events: Sequence[RecordedEvent]) -> frozenset[str]:
    """Who declined the return before its customer asked, the last time, for somebody else."""
    asked = [place for place, each in enumerate(events) if each.type == ReviewRequested.type]
    return who_declined(events[: asked[-1]]) if asked else frozenset()


def _whys(said: ReturnAssessed, language: Language) -> list[WhyView]:
    """What rules and model found; of a blind case, whatever the model found, that it is one."""
    if said.hidden_decision is not None:
        return [WhyView(code="by_lot", words=say(BY_LOT, language), value=None)]
    values = {each.name: each.value for each in said.features}
    return [
        WhyView(
            code=each.code,
            words=_found(each.words, language)
            if each.code in _WHY
            else say(in_words(each.code), language),
            value=values.get(each.code),
        )
        for each in said.reasons
    ]


def _found(detail: str, language: Language) -> str:
    """What a rule found, as the record has it where no rule of this version says so."""
    return _AND[language].join(_said(each, language) for each in details.read(detail)) or detail


def _said(found: Phrase, language: Language) -> str:
    coded = {name: details.CODES.get(str(code)) for name, code in found.parts.items()}
    words = {name: say(phrase, language) for name, phrase in coded.items() if phrase}
    return say(Phrase(found.text, {**found.parts, **words}), language)


def _decided(told: Sequence[Payload]) -> Decided:
    """The newest decision; where a person was asked since, none."""
    found = Decided(None, None, (_LOOK,))
    assessed: ReturnAssessed | None = None
    for said in told:
        if isinstance(said, ReturnWithdrawn):
            found = Decided("authorized", "law", (_GRANTED,))
        elif isinstance(said, ReturnAssessed):
            assessed = said
            found = Decided(None, None, _suspicions(said))
        elif isinstance(said, ReturnAuthorized):
            found = _authorized(said, assessed)
        elif isinstance(said, ReturnDeclined):
            found = _declined(said)
        elif isinstance(said, ReviewRequested):
            found = Decided(None, None, (_LOOK,))
    return found


def _suspicions(said: ReturnAssessed) -> tuple[Phrase, ...]:
    """What rules and model found, each once. Nothing of a model that was not heard, which is not the customer's business, nor of
    a blind case: who decides is to hear it from nobody, and whatever the model found has no part in the decision.
    """
    phrases = [_WHY.get(each.code) or in_words(each.code) for each in said.reasons]
    is_untold = said.basis in WITHOUT_MODEL or said.hidden_decision
    unique = tuple({each.text: each for each in phrases}.values())
    return (_LOOK,) if is_untold else (_LOOK, *unique)


def _authorized(said: ReturnAuthorized, assessed: ReturnAssessed | None) -> Decided:
    if said.mode == "rule":
        is_by_score = assessed and assessed.basis == "model" and not assessed.is_drawn_doubt
        by: DecidedBy = "model" if is_by_score else "rules"
        kept = Phrase(_KEPT.text, {"version": said.policy_version})
        return Decided("authorized", by, (kept,))
    if said.mode == "deadline":
        return Decided("authorized", "deadline", (_LATE,))
    return Decided("authorized", "person", (_BY_PERSON["authorized"],))


def _declined(said: ReturnDeclined) -> Decided:
    if said.mode == "reviewer":
        reason = WHY_DECLINED.get(said.rule)
        told = (_BY_PERSON["declined"], *([reason] if reason else ()))
        return Decided("declined", "person", told)
    return Decided("declined", "rules", _failed(said.rules))


def _failed(rules: Sequence[RuleOutcome]) -> tuple[Phrase, ...]:
    phrases = [why(each) for each in rules if not each.passed]
    return tuple({each.text: each for each in phrases if each is not None}.values())


def _how(connection: Connection, head: Row[Any], lines: Sequence[Line]) -> Phrase:
    """How a person comes to decide from here on."""
    if any(line.authorization in UNDECIDED for line in lines):
        return _PERSON_DECIDES
    declined = [line for line in lines if can(line, ReviewRequested.type, "customer")]
    until_us = [us for line in declined if (us := line.due_us("authorization")) is not None]
    if not until_us:
        return _WRITE
    if not has_room(connection, head, lines, declined):
        return _ELSEWHERE
    return Phrase(_CAN_ASK.text, {"until": from_us(min(until_us))})
