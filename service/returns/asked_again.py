"""What was before a person already: declined by one, or given up before one had decided."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, select

from service.domain.events import (
    PAYLOADS,
    Payload,
    ReturnAuthorized,
    ReturnCancelled,
    ReturnDeclined,
    ReturnWithdrawn,
)
from service.platform.log import events
from service.returns.repository import return_lines

_DECLINED = ("declined", "declined_finally")
_PERMISSIONS = (ReturnAuthorized, ReturnWithdrawn)
_GIVEN_UP = select(
    return_lines.c.rma,
    return_lines.c.line_no,
    return_lines.c.order_line_no,
    return_lines.c.authorization_state,
).where(
    return_lines.c.order_id == bindparam("of_order"),
    return_lines.c.order_line_no.is_not(None),
    return_lines.c.authorization_state.in_((*_DECLINED, "cancelled")),
)
_DECISIONS = (
    select(events.c.subject, events.c.type, events.c.data)
    .where(
        events.c.subject.in_(bindparam("rmas", expanding=True)),
        events.c.type.in_([each.type for each in (ReturnDeclined, ReturnCancelled, *_PERMISSIONS)]),
    )
    .order_by(events.c.seq)
)


def lines_asked_again(connection: Connection, order_id: str) -> frozenset[int]:
    """The lines of an order of which a person declined units, or was to decide on units when they were given up; by number."""
    given_up = connection.execute(_GIVEN_UP, {"of_order": order_id}).all()
    told = _told(connection, {row.rma for row in given_up})
    return frozenset(
        row.order_line_no
        for row in given_up
        if (
            _was_before_a_person(told[row.rma], row.line_no)
            if row.authorization_state == "cancelled"
            else _a_person_declined(told[row.rma])
        )
    )


def _told(connection: Connection, rmas: Iterable[str]) -> dict[str, list[Payload]]:
    """What was decided and given up of these returns, in order."""
    told: dict[str, list[Payload]] = {rma: [] for rma in rmas}
    if told:
        for row in connection.execute(_DECISIONS, {"rmas": list(told)}):
            told[row.subject].append(PAYLOADS[row.type].model_validate_json(row.data))
    return told


def _a_person_declined(told: Sequence[Payload]) -> bool:
    return any(isinstance(each, ReturnDeclined) and each.mode == "reviewer" for each in told)


def _was_before_a_person(told: Sequence[Payload], line_no: int) -> bool:
    """Whether a cancelled line was given up before it was authorized."""
    for each in told:
        if isinstance(each, _PERMISSIONS):
            return False
        if isinstance(each, ReturnCancelled) and line_no in {said.line_no for said in each.lines}:
            return True
    return False
