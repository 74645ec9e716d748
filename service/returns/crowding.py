"""Units that were given up may be in another return by now: they cannot be in two."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from service.domain.lifecycle import Line
from service.orders import repository as orders
from service.returns import repository
from service.returns.held import HeldReturn


def with_room(held: HeldReturn, lines: Sequence[Line]) -> list[Line]:
    """These lines as far as their units are in no other return; the order is held from then on. Splits what is so in part."""
    order_id = held.head.order_id
    if not lines or order_id is None:
        return list(lines)
    connection = held.transaction.connection
    orders.lock(connection, order_id)
    room = _room(connection, held.head, held.lines.values())
    found = []
    for line in lines:
        free = line.quantity if line.order_line_no is None else max(0, room[line.order_line_no])
        units = min(line.quantity, free)
        if units:
            found.append(held.split(line, units))
            room[line.order_line_no or 0] -= units
    return found


def has_room(
    connection: Connection, head: Row[Any], all_lines: Iterable[Line], lines: Iterable[Line]
) -> bool:
    """Whether a unit of these lines, of all that a return has, is in no other return now."""
    if head.order_id is None:
        return True
    room = _room(connection, head, all_lines)
    return any(line.order_line_no is None or room[line.order_line_no] > 0 for line in lines)


def _room(connection: Connection, head: Row[Any], all_lines: Iterable[Line]) -> Counter[int]:
    """By line of the order: units that were delivered and are in no return that is alive."""
    delivered = orders.delivered(connection, head.order_id)
    room = Counter({number: each.quantity for number, each in delivered.items()})
    room.subtract(repository.units_in_returns(connection, head.order_id, but=head.rma))
    for line in all_lines:
        if line.order_line_no is not None and not repository.is_given_up(line):
            room[line.order_line_no] -= line.quantity
    return room
