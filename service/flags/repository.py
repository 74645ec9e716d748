"""Flags on products as the service holds them: what a run concluded, and where the buyers are with it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    select,
    update,
)

from service.catalog.repository import products
from service.domain.flags import FlagStatus
from service.platform.db import change_row, insert_unless_known, metadata

# `said` is the payload of the event `sku.flagged`, whose id is the flag's.
sku_flags = Table(
    "sku_flags",
    metadata,
    Column("flag_id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("flagged_at_us", BigInteger, nullable=False),
    Column("changed_at_us", BigInteger, nullable=False),
    Column("owner_key", Text),
    Column("said", Text, nullable=False),
    Index("sku_flags_by_sku", "sku"),
    Index("sku_flags_by_status", "status", "flagged_at_us"),
)

_STANDS = sku_flags.c.status != "cleared"
_OF_FLAG = sku_flags.c.flag_id == bindparam("of_flag")
_FLAG_TO_CHANGE = select(sku_flags).where(_OF_FLAG).with_for_update()
_SHOWN = select(sku_flags, products.c.title, products.c.category, products.c.vendor).select_from(
    sku_flags.outerjoin(products, products.c.sku == sku_flags.c.sku)
)
_HELD_AGAINST = select(sku_flags.c.sku, sku_flags.c.said).where(
    sku_flags.c.sku.in_(bindparam("skus", expanding=True)),
    sku_flags.c.status.in_(("flagged", "acknowledged", "acted")),
)
_FLAG_SHOWN = _SHOWN.where(_OF_FLAG)
_CLEAR = (
    update(sku_flags)
    .where(sku_flags.c.sku == bindparam("of_sku"), _STANDS)
    .values(
        status="cleared", version=sku_flags.c.version + 1, changed_at_us=bindparam("cleared_at_us")
    )
)


def insert(connection: Connection, row: dict[str, Any]) -> None:
    """Take in a flag, unless it is there already."""
    insert_unless_known(connection, sku_flags, row)


def clear(connection: Connection, sku: str, at_us: int) -> None:
    """The product's flag does not stand any more."""
    connection.execute(_CLEAR, {"of_sku": sku, "cleared_at_us": at_us})


def lock(connection: Connection, flag_id: str) -> Row[Any] | None:
    """A flag, held until the transaction ends."""
    return connection.execute(_FLAG_TO_CHANGE, {"of_flag": flag_id}).one_or_none()


def change(connection: Connection, flag_id: str, values: Mapping[str, object]) -> None:
    change_row(connection, sku_flags, flag_id, values)


def shown(connection: Connection, flag_id: str) -> Row[Any] | None:
    """A flag with its product's title, category and vendor."""
    return connection.execute(_FLAG_SHOWN, {"of_flag": flag_id}).one_or_none()


def held_against(connection: Connection, skus: Collection[str]) -> Sequence[Row[str, str]]:
    """What stands against these products and was not dismissed: `sku` and what the run `said`."""
    return connection.execute(_HELD_AGAINST, {"skus": list(skus)}).all()


def listed(
    connection: Connection,
    status: FlagStatus | None,
    sku: str | None,
    vendor: str | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Flags of this status, product and vendor, the newest first; without a status those that stand."""
    query: Select[Any] = _SHOWN.where(sku_flags.c.status == status if status else _STANDS)
    if sku is not None:
        query = query.where(sku_flags.c.sku == sku)
    if vendor is not None:
        query = query.where(products.c.vendor == vendor)
    newest = (sku_flags.c.flagged_at_us.desc(), sku_flags.c.flag_id)
    return connection.execute(query.order_by(*newest).limit(limit)).all()
