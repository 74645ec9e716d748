"""Returns as the service holds them. Truth lives per line; an RMA's status is a roll-up, never stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    case,
    distinct,
    false,
    func,
    select,
    update,
)

from service.domain.lifecycle import BAD, UNDECIDED, Line
from service.platform.db import change_row, metadata

returns = Table(
    "returns",
    metadata,
    Column("rma", Text, primary_key=True),
    Column("order_id", Text),
    Column("customer_key", Text),
    Column("currency", Text, nullable=False),
    Column("requested_at_us", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("kind", Text, nullable=False, server_default="return"),
    Column("regime", Text),
    Column("policy_version", Text),
    Column("refund_on", Text, nullable=False, server_default="inspected"),
    Column("inspection", Text, nullable=False, server_default="basic"),
    Column("refund_within_us", BigInteger),
    Column("refund_counts_from", Text),
    Column("freight_by", Text),
    Column("closed_at_us", BigInteger),
    Index("returns_by_customer", "customer_key", "requested_at_us"),
)

return_lines = Table(
    "return_lines",
    metadata,
    Column("rma", Text, ForeignKey("returns.rma"), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("order_id", Text),
    Column("order_line_no", Integer),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("reason", Text),
    Column("value_minor", BigInteger, nullable=False),
    Column("authorization_state", Text, nullable=False),
    Column("resolution_state", Text, nullable=False),
    Column("reception_state", Text, nullable=False, server_default="not_expected"),
    Column("root_line_no", Integer),
    Column("authorization_due_us", BigInteger),
    Column("reception_due_us", BigInteger),
    Column("resolution_due_us", BigInteger),
    Column("grade", Text),
    Column("disposition", Text),
    Column("fee_percent", Integer, nullable=False, server_default="0"),
    Column("refunds_shipping", Boolean, nullable=False, server_default=false()),
    Column("offer_minor", BigInteger, nullable=False, server_default="0"),
    Column("default_choice", Text),
    Index("return_lines_by_order", "order_id", "order_line_no"),
)

# Units that the customer keeps, or that went back to them, may be returned another time.
_GIVEN_UP = ("cancelled", "expired", "declined", "declined_finally", "undeclared")
_COLUMN_OF = {
    "authorization": "authorization_state",
    "reception": "reception_state",
    "resolution": "resolution_state",
}
_OF_THE_RETURN = ("refund_on", "is_withdrawal")
_FIELDS = tuple(each.name for each in fields(Line) if each.name not in _OF_THE_RETURN)
_CHANGEABLE = tuple(
    _COLUMN_OF.get(name, name)
    for name in _FIELDS
    if name not in ("line_no", "root_line_no", "order_line_no", "sku", "reason")
)

# Put together once: that takes longer than SQLite needs to answer.
_OF_RETURN = bindparam("of_rma", type_=Text)
_RETURN = select(returns).where(returns.c.rma == _OF_RETURN)
_NEW_RETURN = returns.insert().returning(*returns.c)
_RETURN_TO_CHANGE = _RETURN.with_for_update()
_LINES = (
    select(return_lines).where(return_lines.c.rma == _OF_RETURN).order_by(return_lines.c.line_no)
)
_UNITS_OF_ORDER = (
    select(return_lines.c.order_line_no, func.sum(return_lines.c.quantity).label("units"))
    .where(
        return_lines.c.order_id == bindparam("of_order"),
        return_lines.c.order_line_no.is_not(None),
        return_lines.c.authorization_state.not_in(_GIVEN_UP),
        return_lines.c.rma != bindparam("but"),
    )
    .group_by(return_lines.c.order_line_no)
)
_UNDECIDED_OF_ORDER = (
    select(return_lines.c.rma)
    .distinct()
    .where(
        return_lines.c.order_id == bindparam("of_order"),
        return_lines.c.authorization_state.in_(UNDECIDED),
    )
    .order_by(return_lines.c.rma)
)
_OF_ORDER_LINE = (
    select(return_lines.c.rma)
    .distinct()
    .where(
        return_lines.c.order_id == bindparam("of_order"),
        return_lines.c.order_line_no == bindparam("of_line"),
        return_lines.c.authorization_state.not_in(_GIVEN_UP),
    )
    .order_by(return_lines.c.rma)
)
_OWED_BY_LAW = (
    select(func.coalesce(func.sum(return_lines.c.value_minor), 0))
    .select_from(return_lines.join(returns))
    .where(
        return_lines.c.order_id == bindparam("of_order"),
        returns.c.regime.is_not(None),
        return_lines.c.authorization_state.not_in(_GIVEN_UP),
        return_lines.c.resolution_state.in_(("open", "awaiting_choice", "refund_agreed")),
    )
)
_KEPT_AND_FAILED = (
    select(
        func.count(distinct(case((return_lines.c.reception_state == "kept", returns.c.rma)))),
        func.count(distinct(case((return_lines.c.reception_state.in_(BAD), returns.c.rma)))),
    )
    .select_from(returns.join(return_lines))
    .where(
        returns.c.customer_key == bindparam("of_customer"),
        returns.c.requested_at_us >= bindparam("since_us"),
    )
)
_CHANGE_LINES = (
    update(return_lines)
    .where(return_lines.c.rma == _OF_RETURN, return_lines.c.line_no == bindparam("of_line"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)


def is_given_up(line: Line) -> bool:
    """Whether its units may be in another return."""
    return line.authorization in _GIVEN_UP


def units_in_returns(
    connection: Connection, order_id: str, *, but: str | None = None
) -> dict[int, int]:
    """Units by order line number that are in returns (`but` one) already, those aside that will not come back."""
    rows = connection.execute(_UNITS_OF_ORDER, {"of_order": order_id, "but": but or ""})
    return {row.order_line_no: int(row.units) for row in rows}


def undecided_of_order(connection: Connection, order_id: str) -> Sequence[str]:
    """The returns of an order on which a decision is open, in the order of their numbers."""
    return connection.execute(_UNDECIDED_OF_ORDER, {"of_order": order_id}).scalars().all()


def of_order_line(connection: Connection, order_id: str, line_no: int) -> Sequence[str]:
    """The returns in which units of a line of an order are, those aside that will not come back."""
    asked = {"of_order": order_id, "of_line": line_no}
    return connection.execute(_OF_ORDER_LINE, asked).scalars().all()


def owed_by_law(connection: Connection, order_id: str) -> int:
    """The value of what is to come back of an order in returns on the law's terms, in minor units; what was paid back aside."""
    owed: int = connection.execute(_OWED_BY_LAW, {"of_order": order_id}).scalar_one()
    return int(owed)


def kept_and_failed(
    connection: Connection, customer_key: str | None, since_us: int
) -> tuple[int, int]:
    """How many returns of a customer they kept, and how many failed, since a moment."""
    asked = {"of_customer": customer_key, "since_us": since_us}
    kept, failed = connection.execute(_KEPT_AND_FAILED, asked).one()
    return kept, failed


def find(connection: Connection, rma: str) -> Row[Any] | None:
    return connection.execute(_RETURN, {"of_rma": rma}).one_or_none()


def lock(connection: Connection, rma: str) -> Row[Any] | None:
    """The return, held until the transaction ends: whoever else wants to change it waits."""
    return connection.execute(_RETURN_TO_CHANGE, {"of_rma": rma}).one_or_none()


def rows_of(connection: Connection, rma: str) -> Sequence[Row[Any]]:
    return connection.execute(_LINES, {"of_rma": rma}).all()


def lines_of(rows: Iterable[Row[Any]], head: Row[Any]) -> dict[int, Line]:
    """The lines of a return as the domain sees them, by number."""
    return {row.line_no: _line(row, head) for row in rows}


def insert(connection: Connection, head: Mapping[str, Any]) -> Row[Any]:
    """A new return, as yet without its lines; its row, with what was left to the database."""
    return connection.execute(_NEW_RETURN, dict(head)).one()


def insert_lines(
    connection: Connection, rma: str, order_id: str | None, lines: Iterable[Line]
) -> None:
    rows = [{"rma": rma, "order_id": order_id, **_row(line, _FIELDS)} for line in lines]
    connection.execute(return_lines.insert(), rows)


def change_lines(connection: Connection, rma: str, lines: Iterable[Line]) -> None:
    """Write what may change of lines that were there before."""
    rows = [
        {
            "of_rma": rma,
            "of_line": line.line_no,
            **{f"new_{name}": value for name, value in _row(line, _FIELDS).items()},
        }
        for line in lines
    ]
    if rows:
        connection.execute(_CHANGE_LINES, rows)


def change(connection: Connection, rma: str, **values: object) -> None:
    change_row(connection, returns, rma, values)


def _row(line: Line, names: Sequence[str]) -> dict[str, object]:
    return {_COLUMN_OF.get(name, name): getattr(line, name) for name in names}


def _line(row: Row[Any], head: Row[Any]) -> Line:
    values = {name: getattr(row, _COLUMN_OF.get(name, name)) for name in _FIELDS}
    values["root_line_no"] = row.root_line_no or row.line_no
    of_return = {"refund_on": head.refund_on, "is_withdrawal": head.kind == "withdrawal"}
    return Line(**of_return, **values)
