"""How goods come back, as the service holds it. Tracking numbers lead to a person: they are here and nowhere else."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, bindparam, select

from service.platform.db import metadata

shipments = Table(
    "shipments",
    metadata,
    Column("shipment_id", Text, primary_key=True),
    Column("rma", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("carrier", Text),
    Column("tracking", Text),
    Column("pickup_day", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Index("shipments_by_return", "rma", "created_at_us"),
    Index("shipments_by_tracking", "tracking"),
)

# Put together once: that takes longer than SQLite needs to answer.
_LATEST = (
    select(shipments)
    .where(shipments.c.rma == bindparam("of_rma"))
    .order_by(shipments.c.created_at_us.desc())
    .limit(1)
)
_BY_TRACKING = (
    select(shipments.c.rma).where(shipments.c.tracking == bindparam("of_parcel")).distinct()
)


def insert(connection: Connection, shipment: Mapping[str, Any]) -> None:
    connection.execute(shipments.insert(), dict(shipment))


def latest(connection: Connection, rma: str) -> Row[Any] | None:
    """The newest way back that the customer told."""
    return connection.execute(_LATEST, {"of_rma": rma}).first()


def rmas_by_tracking(connection: Connection, tracking: str) -> Sequence[str]:
    """The returns whose customer told this tracking number."""
    return connection.execute(_BY_TRACKING, {"of_parcel": tracking}).scalars().all()
