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
    bindparam,
    select,
)

from service.domain.assignment import Candidate
from service.domain.events import Role
from service.platform.clock import from_us
from service.platform.db import change_row, metadata

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

# Put together once: that takes longer than SQLite needs to answer.
_MEMBER = select(staff).where(staff.c.staff_id == bindparam("of_staff"))
_MEMBER_TO_CHANGE = _MEMBER.with_for_update()
_IS_AT_WORK = staff.c.is_active & (staff.c.role == bindparam("of_role"))
_MEMBER_AT_WORK = _MEMBER.where(_IS_AT_WORK)
_AT_WORK = select(staff).where(_IS_AT_WORK)
_STILL_HERE = _MEMBER.where(staff.c.is_active)


def lock(connection: Connection, staff_id: str) -> Row[Any] | None:
    """A member, held until the transaction ends."""
    return connection.execute(_MEMBER_TO_CHANGE, {"of_staff": staff_id}).one_or_none()


def change(connection: Connection, staff_id: str, values: dict[str, Any]) -> bool:
    """Says whether there is such a member."""
    return change_row(connection, staff, staff_id, values)


def members(connection: Connection) -> Sequence[Row[Any]]:
    """Everybody, by id."""
    return connection.execute(select(staff).order_by(staff.c.staff_id)).all()


def candidates(
    connection: Connection, role: Role, open_items: Mapping[str, int]
) -> list[Candidate]:
    """Those of a role who work here, with how many items each has open."""
    found = connection.execute(_AT_WORK, {"of_role": role})
    return [_candidate(row, open_items.get(row.staff_id, 0)) for row in found]


def at_work(
    connection: Connection, staff_id: str, open_items: Mapping[str, int]
) -> Candidate | None:
    """Somebody who works here, in whatever role, with how many items they have open."""
    found = connection.execute(_STILL_HERE, {"of_staff": staff_id}).one_or_none()
    return None if found is None else _candidate(found, open_items.get(staff_id, 0))


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
    asked = {"of_staff": staff_id, "of_role": role}
    found = connection.execute(_MEMBER_AT_WORK, asked).one_or_none()
    return found is not None and _candidate(found, 0).is_present(now)
