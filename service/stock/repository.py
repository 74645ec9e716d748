"""The stock of returned goods: a ledger that is only added to, and what it comes to, never below nothing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    select,
    update,
)

from service.platform.db import insert_unless_known, metadata

stock = Table(
    "stock",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    CheckConstraint("quantity >= 0", name="stock_is_never_negative"),
)

stock_moves = Table(
    "stock_moves",
    metadata,
    Column("move_id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("rma", Text),
    Column("line_no", Integer),
    Column("moved_at_us", BigInteger, nullable=False),
    Index("stock_moves_by_sku", "sku", "moved_at_us"),
)

# Put together once: that takes longer than SQLite needs to answer.
_THERE = (stock.c.sku == bindparam("of_sku")) & (stock.c.place == bindparam("at_place"))
_HELD = select(stock.c.quantity).where(_THERE).with_for_update()
_CHANGE = update(stock).where(_THERE)


def held(connection: Connection, sku: str, place: str) -> int:
    """Units of a SKU at a place, held until the transaction ends."""
    insert_unless_known(connection, stock, {"sku": sku, "place": place, "quantity": 0})
    found: int = connection.execute(_HELD, {"of_sku": sku, "at_place": place}).scalar_one()
    return found


def write(connection: Connection, move: dict[str, Any], left: int) -> None:
    """Add a move to the ledger; `left` is what it comes to."""
    connection.execute(stock_moves.insert(), move)
    there = {"of_sku": move["sku"], "at_place": move["place"]}
    connection.execute(_CHANGE, {**there, "quantity": left})


def of_sku(connection: Connection, sku: str) -> Sequence[Row[Any]]:
    query = select(stock).where(stock.c.sku == sku, stock.c.quantity > 0).order_by(stock.c.place)
    return connection.execute(query).all()
