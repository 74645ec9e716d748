"""Parcels on the dock, as the service holds them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, func, select, update

from service.platform.db import metadata

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


def insert(connection: Connection, parcel: Mapping[str, Any]) -> None:
    connection.execute(parcels.insert(), dict(parcel))


def find(connection: Connection, parcel_id: str) -> Row[Any] | None:
    return connection.execute(select(parcels).where(parcels.c.parcel_id == parcel_id)).one_or_none()


def lock(connection: Connection, parcel_id: str) -> Row[Any] | None:
    query = select(parcels).where(parcels.c.parcel_id == parcel_id).with_for_update()
    return connection.execute(query).one_or_none()


def last_received_us(connection: Connection, rma: str) -> int | None:
    """When the newest parcel of a return came."""
    query = select(func.max(parcels.c.received_at_us)).where(parcels.c.rma == rma)
    newest: int | None = connection.execute(query).scalar_one()
    return newest


def match(connection: Connection, parcel_id: str, rma: str) -> None:
    connection.execute(update(parcels).where(parcels.c.parcel_id == parcel_id).values(rma=rma))
