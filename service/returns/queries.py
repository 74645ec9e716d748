"""A return as people may see it: state, what happened, what happens next and who does it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from service.domain import lifecycle
from service.domain.events import PAYLOADS, Payload, RecordedEvent, ReturnAuthorized, ReviewOpened
from service.platform import log
from service.platform.clock import from_us
from service.platform.db import Database
from service.platform.ids import is_rma, read_rma
from service.platform.problems import NotFound
from service.returns import repository
from service.returns.schemas import Next, ReturnLineView, ReturnView, Step

_WORDS = {
    "return.requested": "The return was applied for.",
    "return.received": "The goods reached the warehouse.",
    "line.inspected": "The goods were inspected.",
    "refund.settled": "The money was sent back.",
    "return.closed": "The return is done.",
}


class UnknownReturn(NotFound):
    title = "No such return"

    def __init__(self, rma: str) -> None:
        hint = "check the number" if is_rma(rma) else "its check character says that it is mistyped"
        super().__init__(f"no return {rma!r} is known; {hint}")


def view(db: Database, rma: str) -> ReturnView:
    """A return with its history. Raises `UnknownReturn`."""
    rma = read_rma(rma)
    with db.read() as connection:
        found = repository.find(connection, rma)
        if found is None:
            raise UnknownReturn(rma)
        lines = repository.lines_of(connection, rma)
        events = log.read_subject(connection, rma)
    return _view(found, lines, events)


def _view(
    found: Row[Any], lines: Sequence[Row[Any]], events: Sequence[RecordedEvent]
) -> ReturnView:
    state = lifecycle.roll_up(line.authorization_state for line in lines)
    standing = lifecycle.standing(state)
    return ReturnView(
        rma=found.rma,
        order_id=found.order_id,
        state=state,
        requested_at=from_us(found.requested_at_us),
        currency=found.currency,
        lines=[_line(line) for line in lines],
        history=[_step(event) for event in events],
        next=Next(what=standing.next_step, by=standing.owner),
    )


def _line(line: Row[Any]) -> ReturnLineView:
    return ReturnLineView(
        line_no=line.line_no,
        order_id=line.order_id,
        order_line_no=line.order_line_no,
        sku=line.sku,
        quantity=line.quantity,
        reason=line.reason,
        value_minor=line.value_minor,
        state=line.authorization_state,
    )


def _step(event: RecordedEvent) -> Step:
    payload = PAYLOADS[event.type].model_validate_json(event.data)
    return Step.model_validate(
        {
            "time": from_us(event.time_us),
            "event": event.type,
            "what": _in_words(payload),
            "by": event.actor_role,
        }
    )


def _in_words(payload: Payload) -> str:
    if isinstance(payload, ReturnAuthorized):
        by = f"the rules of policy {payload.policy_version}"
        return f"The return was authorized by {by if payload.mode == 'rule' else 'a reviewer'}."
    if isinstance(payload, ReviewOpened):
        why = "; ".join(rule.detail for rule in payload.rules if not rule.passed)
        return f"The return went to a reviewer: {why or 'it needs a look'}."
    return _WORDS.get(payload.type, payload.type)
