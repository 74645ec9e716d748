"""Refunds as the service holds them, and what of an order's money went back already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    case,
    func,
    select,
    update,
)

from service.platform.db import change_row, metadata

refunds = Table(
    "refunds",
    metadata,
    Column("refund_id", Text, primary_key=True),
    Column("rma", Text, nullable=False),
    Column("order_id", Text),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("means", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("requested_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("settled_at_us", BigInteger),
    Index("refunds_by_return", "rma"),
    Index("refunds_by_order", "order_id"),
    Index("refunds_by_state", "state", "due_at_us"),
)

refund_lines = Table(
    "refund_lines",
    metadata,
    Column("refund_id", Text, ForeignKey("refunds.refund_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("order_line_no", Integer),
    Column("units", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
)

# Put together once: that takes longer than SQLite needs to answer.
_REFUND = select(refunds).where(refunds.c.refund_id == bindparam("of_refund"))
_LINES = (
    select(refund_lines)
    .where(refund_lines.c.refund_id == bindparam("of_refund"))
    .order_by(refund_lines.c.line_no)
)
_OF_RETURN = (
    select(refunds).where(refunds.c.rma == bindparam("of_rma")).order_by(refunds.c.requested_at_us)
)
_PARTS_OF_RETURN: Select[Any] = (
    select(
        refund_lines.c.line_no, refund_lines.c.amount_minor, refunds.c.state, refunds.c.due_at_us
    )
    .join(refunds)
    .where(refunds.c.rma == bindparam("of_rma"))
)
_GOODWILL_MINOR = case((refunds.c.trigger == "goodwill", refunds.c.amount_minor), else_=0)
_AMOUNT_OF_ORDER = select(
    func.coalesce(func.sum(refunds.c.amount_minor), 0),
    func.coalesce(func.sum(_GOODWILL_MINOR), 0),
).where(refunds.c.order_id == bindparam("of_order"))
_UNITS_OF_ORDER = (
    select(refund_lines.c.order_line_no, func.sum(refund_lines.c.units).label("units"))
    .join(refunds)
    .where(refunds.c.order_id == bindparam("of_order"), refund_lines.c.order_line_no.is_not(None))
    .group_by(refund_lines.c.order_line_no)
)


@dataclass(frozen=True, slots=True)
class Refunded:
    """What went back of an order or is on its way: in all, as goodwill, and units by order line."""

    amount_minor: int
    goodwill_minor: int
    units: Mapping[int, int]


def refunded(connection: Connection, order_id: str) -> Refunded:
    """Failed refunds count: they are paid by other means."""
    amount, goodwill = connection.execute(_AMOUNT_OF_ORDER, {"of_order": order_id}).one()
    units = connection.execute(_UNITS_OF_ORDER, {"of_order": order_id})
    return Refunded(
        int(amount), int(goodwill), {row.order_line_no: int(row.units) for row in units}
    )


def insert(
    connection: Connection, refund: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> None:
    connection.execute(refunds.insert(), dict(refund))
    if lines:
        connection.execute(refund_lines.insert(), [dict(each) for each in lines])


def find(connection: Connection, refund_id: str) -> Row[Any] | None:
    return connection.execute(_REFUND, {"of_refund": refund_id}).one_or_none()


def lines_of(connection: Connection, refund_id: str) -> Sequence[Row[Any]]:
    return connection.execute(_LINES, {"of_refund": refund_id}).all()


def of_return(connection: Connection, rma: str) -> Sequence[Row[Any]]:
    return connection.execute(_OF_RETURN, {"of_rma": rma}).all()


def parts_of_return(connection: Connection, rma: str) -> Sequence[Row[Any]]:
    """What each line carries of its refunds, with how these stand; a line of which no refund was ordered has no row."""
    return connection.execute(_PARTS_OF_RETURN, {"of_rma": rma}).all()


def split_open(
    connection: Connection, rma: str, line_no: int, into_line_no: int, units: int
) -> None:
    """Some units of a line went their own way while their money is under way: their part of it goes with them."""
    query = (
        select(refund_lines)
        .join(refunds)
        .where(refunds.c.rma == rma, refunds.c.state != "settled")
        .where(refund_lines.c.line_no == line_no)
    )
    for row in connection.execute(query).all():
        minor = row.amount_minor * units // row.units
        connection.execute(
            update(refund_lines)
            .where(refund_lines.c.refund_id == row.refund_id, refund_lines.c.line_no == line_no)
            .values(units=row.units - units, amount_minor=row.amount_minor - minor)
        )
        parted = {"line_no": into_line_no, "units": units, "amount_minor": minor}
        connection.execute(refund_lines.insert(), {**row._mapping, **parted})


def in_state(connection: Connection, state: str, limit: int) -> Sequence[Row[Any]]:
    """Refunds in a state, those due first."""
    query = select(refunds).where(refunds.c.state == state).order_by(refunds.c.due_at_us)
    return connection.execute(query.limit(limit)).all()


def change(connection: Connection, refund_id: str, **values: object) -> None:
    change_row(connection, refunds, refund_id, values)
