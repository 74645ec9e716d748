"""Orders as the service holds them: what was bought, and what of it was delivered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    func,
    select,
)

from service.platform.db import metadata

orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("customer_key", Text),
    Column("currency", Text, nullable=False),
    Column("country", Text),
    Column("placed_at_us", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False, server_default="0"),
    Column("shipping_minor", BigInteger, nullable=False, server_default="0"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Text, ForeignKey("orders.order_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False, server_default="0"),
    Column("exclusion", Text),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("order_id", Text, ForeignKey("orders.order_id"), primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("delivered_at_us", BigInteger, nullable=False),
)

delivery_lines = Table(
    "delivery_lines",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("line_no", Integer, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["order_id", "delivery_id"], ["deliveries.order_id", "deliveries.delivery_id"]
    ),
)

# Put together once: that takes longer than SQLite needs to answer.
_OF_ORDER = bindparam("of_order", type_=Text)
_ORDER = select(orders).where(orders.c.order_id == _OF_ORDER)
_ORDER_TO_CHANGE = _ORDER.with_for_update()
_LINES = select(order_lines).where(order_lines.c.order_id == _OF_ORDER)
_DELIVERY = select(deliveries).where(
    deliveries.c.order_id == _OF_ORDER, deliveries.c.delivery_id == bindparam("of_delivery")
)
_DELIVERED = (
    select(
        delivery_lines.c.line_no,
        func.sum(delivery_lines.c.quantity).label("quantity"),
        func.max(deliveries.c.delivered_at_us).label("last_us"),
    )
    .join(deliveries)
    .where(delivery_lines.c.order_id == _OF_ORDER)
    .group_by(delivery_lines.c.line_no)
)


def find(connection: Connection, order_id: str) -> Row[Any] | None:
    return connection.execute(_ORDER, {"of_order": order_id}).one_or_none()


def lock(connection: Connection, order_id: str) -> Row[Any] | None:
    """The order, held until the transaction ends: whoever else wants to change it waits."""
    return connection.execute(_ORDER_TO_CHANGE, {"of_order": order_id}).one_or_none()


def lines_of(connection: Connection, order_id: str) -> dict[int, Row[Any]]:
    """The order's lines by their number."""
    return {row.line_no: row for row in connection.execute(_LINES, {"of_order": order_id})}


def find_delivery(connection: Connection, order_id: str, delivery_id: str) -> Row[Any] | None:
    asked = {"of_order": order_id, "of_delivery": delivery_id}
    return connection.execute(_DELIVERY, asked).one_or_none()


def units_in_delivery(connection: Connection, order_id: str, delivery_id: str) -> dict[int, int]:
    """Units by line number in one parcel."""
    query = select(delivery_lines.c.line_no, delivery_lines.c.quantity).where(
        delivery_lines.c.order_id == order_id, delivery_lines.c.delivery_id == delivery_id
    )
    return {row.line_no: row.quantity for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What of one order line reached the customer: units in all, and the moment of its last parcel."""

    quantity: int
    last_us: int


def delivered(connection: Connection, order_id: str) -> dict[int, Delivered]:
    """What was delivered, by line number; lines of which nothing was are missing."""
    return {
        row.line_no: Delivered(int(row.quantity), row.last_us)
        for row in connection.execute(_DELIVERED, {"of_order": order_id})
    }


def is_complete(ordered: Mapping[int, Row[Any]], delivered: Mapping[int, Delivered]) -> bool:
    """Whether all of an order was delivered."""
    return all(
        number in delivered and delivered[number].quantity >= row.quantity
        for number, row in ordered.items()
    )
