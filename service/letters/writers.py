"""Finds the facts of each letter at the moment when it is sent: who, in which language, and what the event said."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Row

from service.cases import repository as cases
from service.catalog import repository as catalog
from service.customers.repository import find as find_contact
from service.domain import events as e
from service.domain.eligibility import latest_refund
from service.domain.lifecycle import WAITING, Line, is_over, paid, undecided
from service.domain.words import Language, Money, Phrase
from service.letters import parts as p
from service.letters.post import Draft, Writer
from service.letters.words import (
    APPEALABLE,
    ARRIVES,
    CASE_OUTCOMES,
    CASES,
    CHOICE_FIRST,
    CHOICES,
    HOW_ELSE,
    MEANS,
    METHODS,
    NOTHING_FOR_IT,
    OFFER,
    OUTCOMES,
    PAID_BY,
    PERSON_FIRST,
    SPOILED,
)
from service.platform import log
from service.platform.clock import from_us
from service.platform.jobs import ClaimedJob
from service.platform.texts import UnknownText, read
from service.platform.unit import Context
from service.returns import repository as returns
from service.returns.queries import declaration_of, terms_of
from service.settlements import repository as settlements
from service.settlements.telling import on_its_way, paid_back, refused


@dataclass(frozen=True, slots=True)
class House:
    """Who writes: the shop's name, and where its customers' links lead."""

    name: str
    public_url: str


@dataclass(frozen=True, slots=True)
class _Reader:
    """To whom a letter goes, and what they read."""

    email: str
    language: Language


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a letter about a return is about; `told` are the numbers of the lines that the event moved, None where nobody noted them.

    `was_due_us`: until when the goods of the first of them had been waited for, where that was noted.
    """

    connection: Connection
    event: e.RecordedEvent
    said: Any
    head: Row[Any]
    rows: Sequence[Row[Any]]
    language: Language
    told: Sequence[int] | None
    was_due_us: int | None

    @property
    def lines(self) -> dict[int, Line]:
        return returns.lines_of(self.rows, self.head)

    @property
    def moved(self) -> list[Line]:
        """The lines that the event moved, or all."""
        return [line for no, line in self.lines.items() if self.told is None or no in self.told]

    @property
    def rest(self) -> list[Line]:
        """The lines that the event did not move, and that are not over."""
        moved = {line.line_no for line in self.moved}
        return [line for no, line in self.lines.items() if no not in moved and not is_over(line)]


class Writers:
    """A writer for each kind of letter."""

    def __init__(self, context: Context, house: House) -> None:
        self._context, self._house = context, house

    def all(self) -> Mapping[p.LetterKind, Writer]:
        about_returns: Mapping[p.LetterKind, Callable[[_Matter], p.LetterParts]] = {
            "received": self._received,
            "withdrawn": self._withdrawn,
            "approved": self._approved,
            "kept": self._kept,
            "declined": self._declined,
            "evidence_wanted": self._evidence_wanted,
            "inspection_result": self._inspection_result,
            "choice_wanted": self._choice_wanted,
            "refunded": self._refunded,
            "refund_failed": self._refund_failed,
            "cancelled": self._cancelled,
            "expired": self._expired,
            "survey": self._survey,
            "survey_reminder": self._survey_reminder,
        }
        written = {kind: self._about_return(build) for kind, build in about_returns.items()}
        return {
            **written,
            "case_opened": self._case_opened,
            "case_message": self._case_message,
            "case_closed": self._case_closed,
        }

    # --- who is written to ---

    def language_of(self, job: ClaimedJob) -> Language | None:
        """The language in which a letter would go out; None where there is nobody to write to."""
        with self._context.db.read() as connection:
            reader = _reader(connection, job)
        return None if reader is None else reader.language

    def _about_return(self, build: Callable[[_Matter], p.LetterParts]) -> Writer:
        def write(job: ClaimedJob) -> Draft | None:
            with self._context.db.read() as connection:
                reader = _reader(connection, job)
                event = log.find(connection, str(job.payload["event"]))
                head = returns.find(connection, job.subject)
                if reader is None or event is None or head is None:
                    return None
                said = e.payload_model(event.type).model_validate_json(event.data)
                rows = returns.rows_of(connection, job.subject)
                told, was_due_us = _lines_of(job), cast(int | None, job.payload.get("was_due_us"))
                matter = _Matter(
                    connection, event, said, head, rows, reader.language, told, was_due_us
                )
                return Draft(reader.email, reader.language, build(matter))

        return write

    def _case_opened(self, job: ClaimedJob) -> Draft | None:
        def build(case: Row[Any], said: e.CaseOpened, _: str) -> p.LetterParts:
            dues = [each for each in (said.due_at_us, said.answer_due_at_us) if each]
            return p.CaseOpened(**self._case(case), answer_by=from_us(min(dues)))

        return self._about_case(job, build)

    def _case_message(self, job: ClaimedJob) -> Draft | None:
        def build(case: Row[Any], _: e.MessageWritten, message: str) -> p.LetterParts:
            return p.CaseMessage(**self._case(case), message=message)

        return self._about_case(job, build)

    def _case_closed(self, job: ClaimedJob) -> Draft | None:
        def build(case: Row[Any], _: e.CaseClosed, answer: str) -> p.LetterParts:
            return p.CaseClosed(
                **self._case(case), outcome=CASE_OUTCOMES[case.outcome], answer=answer
            )

        return self._about_case(job, build)

    def _about_case(
        self, job: ClaimedJob, build: Callable[[Row[Any], Any, str], p.LetterParts]
    ) -> Draft | None:
        with self._context.db.read() as connection:
            reader = _reader(connection, job)
            case = cases.find(connection, job.subject)
            event = log.find(connection, str(job.payload["event"]))
            if reader is None or case is None or event is None:
                return None
            said: Any = e.payload_model(event.type).model_validate_json(event.data)
            answer = _text(connection, said.text_ref)
            return Draft(reader.email, reader.language, build(case, said, answer))

    # --- what each says ---

    def _received(self, matter: _Matter) -> p.LetterParts:
        due_us = matter.said.due_at_us
        return p.Received(
            **self._lines(matter),
            order_id=matter.head.order_id or "",
            decided_by_until=None if due_us is None else from_us(due_us),
            is_back=any(isinstance(each, e.ReturnReinstated) for each in _together(matter)),
        )

    def _withdrawn(self, matter: _Matter) -> p.LetterParts:
        head = matter.head
        return p.Withdrawn(
            **self._sending(matter),
            order_id=head.order_id or "",
            declaration=declaration_of(
                matter.connection,
                [(line.quantity, line.sku) for line in matter.said.lines],
                head.order_id,
                matter.language,
            ),
            received_at=from_us(matter.event.recorded_at_us),
            refund_by=_paid_by(head),
        )

    def _approved(self, matter: _Matter) -> p.LetterParts:
        fee_minor = sum(line.value_minor * line.fee_percent // 100 for line in matter.moved)
        fee = Money(fee_minor, matter.head.currency) if fee_minor else None
        return p.Approved(**self._sending(matter), fee=fee)

    def _kept(self, matter: _Matter) -> p.LetterParts:
        return p.Kept(
            **self._lines(matter),
            refund_when=latest_refund(terms_of(matter.head)),
        )

    def _declined(self, matter: _Matter) -> p.LetterParts:
        return p.Declined(
            **self._lines(matter),
            rule=APPEALABLE.get(matter.said.rule, Phrase(matter.said.rule)),
            appeal_until=from_us(matter.said.appeal_until_us),
        )

    def _evidence_wanted(self, matter: _Matter) -> p.LetterParts:
        return p.EvidenceWanted(
            **self._return(matter),
            question=_text(matter.connection, matter.said.text_ref),
            until=from_us(matter.said.due_at_us),
        )

    def _inspection_result(self, matter: _Matter) -> p.LetterParts:
        found = [each for each in _together(matter) if isinstance(each, e.LineInspected)]
        is_spoiled = any(
            each.outcome != "passed" and paid(matter.lines[each.line_no]) for each in found
        )
        return p.InspectionResult(
            **self._return(matter),
            lines=tuple(_inspected(matter, each) for each in found),
            also=SPOILED if is_spoiled else None,
        )

    def _choice_wanted(self, matter: _Matter) -> p.LetterParts:
        said = matter.said
        line = matter.lines[said.line_no]
        offer = Phrase(OFFER.text, {"amount": Money(said.offer_minor, matter.head.currency)})
        follows = {
            each.choice: offer if each.choice == "partial_refund" else CHOICES[each.choice][1]
            for each in said.options
        }
        return p.ChoiceWanted(
            **self._return(matter),
            line=p.LineParts(_title(matter.connection, line.sku), line.quantity),
            found=OUTCOMES[str(line.reception)] if line.reception in OUTCOMES else _NOT_OURS,
            options=tuple(
                p.OptionParts(CHOICES[choice][0], words) for choice, words in follows.items()
            ),
            until=from_us(said.due_at_us),
            default=follows.get(said.default_choice, CHOICES[said.default_choice][1]),
        )

    def _refunded(self, matter: _Matter) -> p.LetterParts:
        said = matter.said
        return p.Refunded(
            **self._return(matter),
            amount=Money(said.amount_minor, said.currency),
            means=MEANS.get(said.means or "", MEANS["original"]),
            arrives=ARRIVES,
        )

    def _refund_failed(self, matter: _Matter) -> p.LetterParts:
        refund = settlements.find(matter.connection, matter.said.refund_id)
        assert refund is not None  # noqa: S101  # refunds are never deleted
        return p.RefundFailed(
            **self._return(matter),
            amount=Money(refund.amount_minor, refund.currency),
            means=MEANS.get(refund.means, MEANS["original"]),
            how_else=HOW_ELSE,
        )

    def _cancelled(self, matter: _Matter) -> p.LetterParts:
        return p.Cancelled(**self._lines(matter), rest=_listed(matter, matter.rest))

    def _expired(self, matter: _Matter) -> p.LetterParts:
        return p.Expired(
            **self._lines(matter),
            send_by=from_us(matter.was_due_us or matter.event.time_us),
            rest=_listed(matter, matter.rest),
        )

    def _survey(self, matter: _Matter) -> p.LetterParts:
        return p.Survey(**{**self._return(matter), "link": self._survey_link(matter)})

    def _survey_reminder(self, matter: _Matter) -> p.LetterParts:
        return p.SurveyReminder(**{**self._return(matter), "link": self._survey_link(matter)})

    # --- what several say ---

    def _return(self, matter: _Matter) -> dict[str, Any]:
        return {**self._every(self._return_link(matter.head.rma)), "rma": matter.head.rma}

    def _lines(self, matter: _Matter) -> dict[str, Any]:
        return {**self._return(matter), "lines": _listed(matter, matter.moved)}

    def _sending(self, matter: _Matter) -> dict[str, Any]:
        policy, awaited = self._context.policy, WAITING["reception", "awaited"]
        due = [line.reception_due_us for line in matter.moved if line.reception_due_us]
        send_by = (
            from_us(min(due))
            if due
            else from_us(matter.event.time_us) + policy.hours(awaited.clock)
        )
        return {
            **self._lines(matter),
            "return_address": policy.methods.return_address,
            "methods": tuple(METHODS[each] for each in policy.methods.allowed),
            "send_by": send_by,
            "freight_by": matter.head.freight_by or "customer",
            "refund_when": latest_refund(terms_of(matter.head)),
        }

    def _case(self, case: Row[Any]) -> dict[str, Any]:
        link = self._return_link(case.rma) if case.rma else self._house.public_url
        return {
            **self._every(link),
            "case_id": case.case_id,
            "about": CASES[case.kind],
            "rma": case.rma,
        }

    def _every(self, link: str) -> dict[str, Any]:
        return {"shop": self._house.name, "zone": self._context.zone, "link": link}

    def _return_link(self, rma: str) -> str:
        token = self._context.proofs.make("return", rma).token
        return f"{self._house.public_url}/v1/returns/{rma}?token={token}"

    def _survey_link(self, matter: _Matter) -> str:
        token = self._context.proofs.make("survey", matter.head.rma).token
        return f"{self._house.public_url}/v1/surveys/{token}"


_NOT_OURS = Phrase("we did not agree to take it back")


def _reader(connection: Connection, job: ClaimedJob) -> _Reader | None:
    """None where there is nobody to write to, such as after an erasure."""
    contact = find_contact(connection, str(job.payload["customer"]))
    if contact is None or not contact.email:
        return None
    return _Reader(contact.email, cast(Language, contact.language))


def _paid_by(head: Row[Any]) -> Phrase | None:
    """Until when a withdrawal is paid, where its time counts from the declaration."""
    words = PAID_BY.get(head.refund_on)
    if words is None or head.refund_counts_from != "request":
        return None
    return Phrase(words.text, {"until": from_us(head.requested_at_us + head.refund_within_us)})


def _lines_of(job: ClaimedJob) -> Sequence[int] | None:
    """The numbers of the lines that the letter is about; None where the job, of an earlier version, does not tell."""
    told = job.payload.get("lines")
    return None if told is None else [int(each) for each in str(told).split()]


def _listed(matter: _Matter, lines: Iterable[Line]) -> tuple[p.LineParts, ...]:
    return tuple(p.LineParts(_title(matter.connection, line.sku), line.quantity) for line in lines)


def _together(matter: _Matter) -> list[e.Payload]:
    """What happened to the return in one go with the event: all that has the same cause, or is it."""
    cause = matter.event.causation_id or matter.event.id
    return [
        e.payload_model(each.type).model_validate_json(each.data)
        for each in log.read_subject(matter.connection, matter.head.rma)
        if cause in (each.id, each.causation_id)
    ]


def _inspected(matter: _Matter, said: e.LineInspected) -> p.InspectedLineParts:
    line = matter.lines[said.line_no]
    return p.InspectedLineParts(
        _title(matter.connection, line.sku),
        said.quantity,
        OUTCOMES[said.outcome],
        said.grade,
        _what_of(matter, line),
    )


def _what_of(matter: _Matter, line: Line) -> Phrase:
    """What comes of the money for a line, as it stands while the letter is written."""
    parts = settlements.parts_of_return(matter.connection, matter.head.rma)
    mine = [each for each in parts if each.line_no == line.line_no]
    amount = Money(sum(each.amount_minor for each in mine), matter.head.currency)
    if amount.minor:
        if line.resolution == "refunded":
            return paid_back(amount)
        if line.resolution == "refund_failed":
            return refused(amount)
        return on_its_way(amount, from_us(min(each.due_at_us for each in mine)))
    if undecided(line):
        return PERSON_FIRST
    return CHOICE_FIRST if line.resolution == "awaiting_choice" else NOTHING_FOR_IT


def _title(connection: Connection, sku: str) -> str:
    return catalog.title_of(connection, sku) or sku


def _text(connection: Connection, text_ref: str | None) -> str:
    """What was written; nothing where nothing was, or where it was erased meanwhile."""
    if text_ref is None:
        return ""
    try:
        return read(connection, text_ref).body
    except UnknownText:
        return ""
