"""Which events customers are told of by letter. The letter is asked for in the event's own transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.customers.repository import find
from service.domain import events as e
from service.domain.cases import CUSTOMERS_OWN
from service.letters.parts import LetterKind
from service.letters.post import letter
from service.platform import jobs
from service.platform.unit import Transaction

LETTERS: Mapping[type[e.Payload], LetterKind] = {
    e.ReviewOpened: "received",
    e.ReturnWithdrawn: "withdrawn",
    e.ReturnAuthorized: "approved",
    e.LineKeepGranted: "kept",
    e.ReturnDeclined: "declined",
    e.EvidenceRequested: "evidence_wanted",
    e.LineInspected: "inspection_result",
    e.ChoiceRequested: "choice_wanted",
    e.RefundSettled: "refunded",
    e.RefundFailed: "refund_failed",
    e.ReturnCancelled: "cancelled",
    e.ReturnExpired: "expired",
    e.SurveySent: "survey",
    e.SurveyReminded: "survey_reminder",
    e.CaseOpened: "case_opened",
    e.MessageWritten: "case_message",
    e.CaseClosed: "case_closed",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """The numbers of the lines that an event moved, and until when the first of them had waited, where a clock ran."""

    lines: Sequence[int]
    was_due_us: int | None = None

    def as_payload(self) -> dict[str, str | int | None]:
        return {"lines": " ".join(map(str, self.lines)), "was_due_us": self.was_due_us}


_NONE: Mapping[str, Moved] = {}
_ONE_FOR_ALL: tuple[LetterKind, ...] = ("inspection_result",)


def tell(
    transaction: Transaction,
    subject: str,
    customer_key: str | None,
    happened: Iterable[tuple[str, e.Payload]],
    *,
    moved: Mapping[str, Moved] = _NONE,
) -> None:
    """Ask for the letters of what happened, as (event id, payload); none where nobody can be written to.

    `moved`, by event, are the lines that it is about. An approval of none that is to be sent is told to nobody.
    """
    wanted = [
        (kind, event_id)
        for kind, event_id in _wanted(happened)
        if kind != "approved" or moved[event_id].lines
    ]
    if not wanted or not customer_key:
        return
    contact = find(transaction.connection, customer_key)
    if contact is None or not contact.email:
        return
    letters = []
    for kind, event_id in wanted:
        about = moved[event_id].as_payload() if event_id in moved else {}
        letters.append(
            letter(kind, subject, transaction.now, event=event_id, customer=customer_key, **about)
        )
    jobs.put_in_turn(transaction.connection, letters, transaction.context.ids, transaction.now)


def _wanted(
    happened: Iterable[tuple[str, e.Payload]],
) -> Iterable[tuple[LetterKind, str]]:
    told: set[LetterKind] = set()
    happened = list(happened)
    payloads = [payload for _, payload in happened]
    for event_id, payload in happened:
        kind = LETTERS.get(type(payload))
        if (
            kind is None
            or not _is_news(payload, payloads)
            or (kind in _ONE_FOR_ALL and kind in told)
        ):
            continue
        told.add(kind)
        yield kind, event_id


def _is_news(payload: e.Payload, together: Sequence[e.Payload]) -> bool:
    """Not a case that only the house sees, nor what the customer wrote or has just asked for, nor a bad finding of a line that its
    customer is asked about at the same time: that letter tells of it. `together` is all that happened in one go.
    """
    if isinstance(payload, e.CaseOpened):
        return payload.kind in CUSTOMERS_OWN
    if isinstance(payload, e.MessageWritten):
        return payload.direction == "to_customer"
    if isinstance(payload, e.ReviewOpened):
        return not any(isinstance(each, e.ReviewRequested) for each in together)
    if isinstance(payload, e.LineInspected) and payload.outcome != "passed":
        asked = [each.line_no for each in together if isinstance(each, e.ChoiceRequested)]
        return payload.line_no not in asked
    return True
