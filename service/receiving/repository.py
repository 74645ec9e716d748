"""Parcels on the dock, as the service holds them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    Table,
    Text,
    bindparam,
    func,
    select,
)

from service.platform.db import change_row, metadata

parcels = Table(
    "parcels",
    metadata,
    Column("parcel_id", Text, primary_key=True),
    Column("rma", Text),
    Column("tracking", Text),
    Column("weight_grams", BigInteger),
    Column("received_at_us", BigInteger, nullable=False),
    Index("parcels_by_return", "rma"),
)

# Put together once: that takes longer than SQLite needs to answer.
_PARCEL = select(parcels).where(parcels.c.parcel_id == bindparam("of_parcel"))
_PARCEL_TO_CHANGE = _PARCEL.with_for_update()
_LAST_RECEIVED = select(func.max(parcels.c.received_at_us)).where(
    parcels.c.rma == bindparam("of_rma")
)


def insert(connection: Connection, parcel: Mapping[str, Any]) -> None:
    connection.execute(parcels.insert(), dict(parcel))


def find(connection: Connection, parcel_id: str) -> Row[Any] | None:
    return connection.execute(_PARCEL, {"of_parcel": parcel_id}).one_or_none()


def lock(connection: Connection, parcel_id: str) -> Row[Any] | None:
    return connection.execute(_PARCEL_TO_CHANGE, {"of_parcel": parcel_id}).one_or_none()


def last_received_us(connection: Connection, rma: str) -> int | None:
    """When the newest parcel of a return came."""
    newest: int | None = connection.execute(_LAST_RECEIVED, {"of_rma": rma}).scalar_one()
    return newest


def match(connection: Connection, parcel_id: str, rma: str) -> None:
    change_row(connection, parcels, parcel_id, {"rma": rma})
