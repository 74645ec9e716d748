"""The people who work on returns. Their names are personal: they stand here only, the log knows their ids."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    Table,
    Text,
    select,
    update,
)

from service.domain.assignment import Candidate
from service.domain.events import Role
from service.platform.clock import from_us
from service.platform.db import metadata

staff = Table(
    "staff",
    metadata,
    Column("staff_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("languages", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("absent_from_us", BigInteger),
    Column("absent_until_us", BigInteger),
)


def lock(connection: Connection, staff_id: str) -> Row[Any] | None:
    """A member, held until the transaction ends."""
    query = select(staff).where(staff.c.staff_id == staff_id).with_for_update()
    return connection.execute(query).one_or_none()


def change(connection: Connection, staff_id: str, values: dict[str, Any]) -> bool:
    """Says whether there is such a member."""
    changed = connection.execute(update(staff).where(staff.c.staff_id == staff_id).values(values))
    return changed.rowcount > 0


def members(connection: Connection) -> Sequence[Row[Any]]:
    """Everybody, by id."""
    return connection.execute(select(staff).order_by(staff.c.staff_id)).all()


def candidates(
    connection: Connection, role: Role, open_items: Mapping[str, int]
) -> list[Candidate]:
    """Those of a role who work here, with how many items each has open."""
    query = select(staff).where(staff.c.role == role, staff.c.is_active)
    return [_candidate(row, open_items.get(row.staff_id, 0)) for row in connection.execute(query)]


def _candidate(row: Row[Any], open_items: int) -> Candidate:
    is_told = row.absent_from_us is not None
    return Candidate(
        key=row.staff_id,
        languages=frozenset(row.languages.split(",")),
        open=open_items,
        capacity=row.capacity,
        absent_from=from_us(row.absent_from_us) if is_told else None,
        absent_until=from_us(row.absent_until_us) if is_told else None,
    )


def is_present(connection: Connection, staff_id: str, role: str, now: datetime) -> bool:
    """Whether somebody works here in this role and is not absent."""
    found = connection.execute(
        select(staff).where(staff.c.staff_id == staff_id, staff.c.role == role, staff.c.is_active)
    ).one_or_none()
    return found is not None and _candidate(found, 0).is_present(now)
