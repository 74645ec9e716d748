"""Returns as the service holds them. Truth lives per line; an RMA's status is a roll-up, never stored."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    func,
    select,
)

from service.platform.db import metadata

returns = Table(
    "returns",
    metadata,
    Column("rma", Text, primary_key=True),
    Column("order_id", Text),
    Column("customer_key", Text),
    Column("currency", Text, nullable=False),
    Column("requested_at_us", BigInteger, nullable=False),
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
    Index("return_lines_by_order", "order_id", "order_line_no"),
)


def units_in_returns(connection: Connection, order_id: str) -> dict[int, int]:
    """Units by order line number that are in returns already."""
    query = (
        select(return_lines.c.order_line_no, func.sum(return_lines.c.quantity).label("units"))
        .where(return_lines.c.order_id == order_id)
        .group_by(return_lines.c.order_line_no)
    )
    return {row.order_line_no: int(row.units) for row in connection.execute(query)}


def find(connection: Connection, rma: str) -> Row[Any] | None:
    return connection.execute(select(returns).where(returns.c.rma == rma)).one_or_none()


def lines_of(connection: Connection, rma: str) -> Sequence[Row[Any]]:
    query = select(return_lines).where(return_lines.c.rma == rma).order_by(return_lines.c.line_no)
    return connection.execute(query).all()
