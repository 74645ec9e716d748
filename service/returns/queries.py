"""A return as people may see it: state, what happened, what happens next, who does it, when the money comes."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from service.catalog import repository as catalog
from service.domain import lifecycle
from service.domain.eligibility import latest_refund
from service.domain.events import (
    PAYLOADS,
    ChoiceRequested,
    EvidenceLapsed,
    EvidenceReceived,
    EvidenceRequested,
    RecordedEvent,
    ReturnAssessed,
)
from service.domain.lifecycle import Line, Waiting
from service.domain.policy import Terms
from service.domain.words import Choice, Language, Money, Phrase
from service.platform import log, texts
from service.platform.clock import from_us
from service.platform.ids import read_rma
from service.platform.language import say
from service.platform.problems import Conflict
from service.platform.unit import Context
from service.returns import objections, repository
from service.returns.held import UnknownReturn
from service.returns.schemas import MoneyView, Next, ReturnLineView, ReturnView, Step
from service.returns.story import tell
from service.settlements import repository as settlements
from service.settlements.telling import on_its_way, paid_back, refused

_AFTER_ANOTHER: Mapping[Language, str] = {"en": " ", "zh": ""}
_MICROSECOND = timedelta(microseconds=1)
_ON_ITS_WAY = ("pending", "unknown")
_HELD_BACK = {
    "choice": Phrase(
        "Choose what becomes of the goods; nothing happens by itself before your complaint is answered."
    ),
    "appeal": Phrase("You can appeal; the return is not closed before your complaint is answered."),
}


def view(
    context: Context, rma: str, language: Language, *, is_customer: bool = False
) -> ReturnView:
    """A return with its history, in this language; where its customer reads, with what they are asked. Raises `UnknownReturn`."""
    rma = read_rma(rma)
    with context.db.read() as connection:
        head = repository.find(connection, rma)
        if head is None:
            raise UnknownReturn(rma)
        rows = repository.rows_of(connection, rma)
        events = log.read_subject(connection, rma)
        refunds = settlements.of_return(connection, rma)
        is_objected = objections.is_open(connection, rma)
        asked = _open_questions(rows, events) if is_customer else []
        told = texts.bodies(connection, asked) if asked else {}
    view = _Telling(context, language, is_objected).of(head, rows, events, refunds)
    return view.model_copy(update={"questions": [told[each] for each in asked if each in told]})


class NeverAssessed(Conflict):
    title = "The approval step said nothing of this return"


def assessment_of(context: Context, rma: str) -> ReturnAssessed:
    """What the approval step saw and said of a return. Raises `UnknownReturn`, `NeverAssessed`."""
    rma = read_rma(rma)
    with context.db.read() as connection:
        if repository.find(connection, rma) is None:
            raise UnknownReturn(rma)
        events = log.read_subject(connection, rma)
    said = [each.data for each in events if each.type == ReturnAssessed.type]
    if not said:
        raise NeverAssessed(
            f"return {rma} was never assessed: it is a withdrawal, a hard rule declined it, or it was imported"
        )
    return ReturnAssessed.model_validate_json(said[-1])


def options_of(connection: Connection, rma: str, line_no: int) -> Sequence[Choice]:
    """What was last offered for a line, the default first."""
    return _options(log.read_subject(connection, rma)).get(line_no, ())


def declaration_of(
    connection: Connection, goods: Sequence[tuple[int, str]], order_id: str, language: Language
) -> str:
    """What a customer declares who withdraws from units of products, as (quantity, SKU), in words: each by title and SKU."""
    listed = ", ".join(f"{quantity} × {_named(connection, sku)}" for quantity, sku in goods)
    parts = {"order": order_id, "goods": listed}
    return say(Phrase("I withdraw from my purchase of {goods} (order {order}).", parts), language)


def _named(connection: Connection, sku: str) -> str:
    title = catalog.title_of(connection, sku)
    return f"{title} ({sku})" if title else sku


class _Telling:
    """Views in one language and the shop's time zone. `is_objected`: a complaint about the return is open."""

    def __init__(self, context: Context, language: Language, is_objected: bool) -> None:
        self._zone, self._language, self._is_objected = context.zone, language, is_objected

    def of(
        self,
        head: Row[Any],
        rows: Sequence[Row[Any]],
        events: Sequence[RecordedEvent],
        refunds: Sequence[Row[Any]],
    ) -> ReturnView:
        lines = repository.lines_of(rows, head)
        options = _options(events)
        shown = [self._line(row, lines[row.line_no], options.get(row.line_no, ())) for row in rows]
        return ReturnView(
            rma=head.rma,
            order_id=head.order_id,
            kind=head.kind,
            regime=head.regime,
            version=head.version,
            state=lifecycle.roll_up(lines.values()),
            requested_at=from_us(head.requested_at_us),
            currency=head.currency,
            lines=shown,
            history=[step for event in events if (step := self._step(event))],
            next=self._next([each for line in lines.values() for each in _waits(line)]),
            money=self._money(head, list(lines.values()), refunds),
        )

    def _line(self, row: Row[Any], line: Line, options: Sequence[Choice]) -> ReturnLineView:
        return ReturnLineView(
            line_no=line.line_no,
            order_id=row.order_id,
            order_line_no=line.order_line_no,
            sku=line.sku,
            quantity=line.quantity,
            reason=line.reason,
            value_minor=line.value_minor,
            state=lifecycle.status(line),
            authorization=str(line.authorization),
            reception=str(line.reception),
            resolution=str(line.resolution),
            grade=line.grade,
            offer_minor=line.offer_minor,
            choices=options if line.resolution == "awaiting_choice" else (),
            next=self._next(_waits(line)),
        )

    def _next(self, waits: Sequence[tuple[Line, Waiting]]) -> Next | None:
        """What is due first; what no clock runs for comes last."""
        if not waits:
            return None
        line, waiting = min(waits, key=_urgency)
        due_us = line.due_us(waiting.machine)
        held_back = _HELD_BACK.get(waiting.clock) if self._is_objected else None
        return Next(
            what=self._say(held_back or waiting.next_step),
            by=waiting.owner,
            until=None if due_us is None else from_us(due_us),
            otherwise=None if held_back else lifecycle.default_of(line, waiting)[0],
        )

    def _step(self, event: RecordedEvent) -> Step | None:
        phrase = tell(PAYLOADS[event.type].model_validate_json(event.data))
        if phrase is None:
            return None
        return Step.model_validate(
            {
                "time": from_us(event.time_us),
                "event": event.type,
                "what": self._say(phrase),
                "by": event.actor_role,
            }
        )

    def _money(
        self, head: Row[Any], lines: Sequence[Line], refunds: Sequence[Row[Any]]
    ) -> MoneyView:
        due_us = max(
            (each.due_at_us for each in refunds if each.state in _ON_ITS_WAY), default=None
        )
        due_at = None if due_us is None else from_us(due_us)
        back, pending, failed = (
            Money(_sum(refunds, *states), head.currency)
            for states in (("settled",), _ON_ITS_WAY, ("failed",))
        )
        told = [
            *([on_its_way(pending, due_at)] if pending.minor and due_at else ()),
            *([refused(failed)] if failed.minor else ()),
            *([paid_back(back)] if back.minor else ()),
        ]
        words = [self._say(each) for each in told or [_to_come(head, lines)]]
        return MoneyView(
            refunded_minor=back.minor,
            pending_minor=pending.minor,
            due_at=due_at,
            words=_AFTER_ANOTHER[self._language].join(words),
        )

    def _say(self, phrase: Phrase) -> str:
        return say(phrase, self._language, zone=self._zone)


def _waits(line: Line) -> list[tuple[Line, Waiting]]:
    return [] if lifecycle.is_over(line) else [(line, each) for each in lifecycle.waits(line)]


def _urgency(wait: tuple[Line, Waiting]) -> tuple[bool, int]:
    due_us = wait[0].due_us(wait[1].machine)
    return due_us is None, due_us or 0


def _sum(refunds: Sequence[Row[Any]], *states: str) -> int:
    return sum(each.amount_minor for each in refunds if each.state in states)


def _to_come(head: Row[Any], lines: Sequence[Line]) -> Phrase:
    """What is to be expected while no money moved: the best that may come of any line."""
    if head.refund_within_us is None or head.closed_at_us is not None:
        return Phrase("No money was paid back.")
    if any(line.authorization == "authorized" and line.resolution == "open" for line in lines):
        return latest_refund(terms_of(head))
    if any(lifecycle.undecided(line) for line in lines):
        return Phrase("Whether money comes back is decided first.")
    if any(line.resolution == "awaiting_choice" and line.offer_minor for line in lines):
        return Phrase("How much money comes back depends on what you choose.")
    return Phrase("As it stands, no money comes back.")


def terms_of(head: Row[Any]) -> Terms:
    """The terms that were agreed on when the return began, as far as they say when the money comes."""
    return Terms(
        regime=head.regime,
        refund_on=head.refund_on,
        refund_within=head.refund_within_us * _MICROSECOND,
        refund_counts_from=head.refund_counts_from,
        fee_percent=0,
        return_freight_by=head.freight_by,
        refunds_outbound_shipping=False,
        may_deduct=False,
    )


def _open_questions(rows: Sequence[Row[Any]], events: Sequence[RecordedEvent]) -> list[str]:
    """What was asked since the customer last answered, or did not, by `text_ref`; nothing while no answer is awaited."""
    asked: list[str] = []
    for event in events:
        if event.type == EvidenceRequested.type:
            asked.append(EvidenceRequested.model_validate_json(event.data).text_ref)
        elif event.type in (EvidenceReceived.type, EvidenceLapsed.type):
            asked.clear()
    is_awaited = any(row.authorization_state == "info_requested" for row in rows)
    return asked if is_awaited else []


def _options(events: Sequence[RecordedEvent]) -> Mapping[int, Sequence[Choice]]:
    """What was last offered, by line, the default first."""
    found: dict[int, Sequence[Choice]] = {}
    for event in events:
        if event.type == ChoiceRequested.type:
            said = ChoiceRequested.model_validate_json(event.data)
            others = [each.choice for each in said.options if each.choice != said.default_choice]
            found[said.line_no] = (said.default_choice, *others)
    return found
