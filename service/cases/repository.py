"""Cases as the service holds them."""

from collections.abc import Mapping, Sequence
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

cases = Table(
    "cases",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rma", Text),
    Column("order_id", Text),
    Column("parcel_id", Text),
    Column("customer_key", Text),
    Column("owner_role", Text, nullable=False),
    Column("owner_key", Text),
    Column("opened_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("closed_at_us", BigInteger),
    Column("outcome", Text),
    Column("text_ref", Text),
    Index("cases_by_return", "rma"),
    Index("cases_open", "closed_at_us", "due_at_us"),
)

# Put together once: that takes longer than SQLite needs to answer.
_CASE = select(cases).where(cases.c.case_id == bindparam("of_case"))
_CASE_TO_CHANGE = _CASE.with_for_update()
_IS_OPEN = cases.c.closed_at_us.is_(None)
_OPEN_OF_KIND = (
    select(cases.c.case_id)
    .where(cases.c.rma == bindparam("of_rma"), cases.c.kind == bindparam("of_kind"), _IS_OPEN)
    .limit(1)
)
_OF_RETURN = select(cases).where(cases.c.rma == bindparam("of_rma")).order_by(cases.c.opened_at_us)
_LOAD = (
    select(cases.c.owner_key, func.count().label("n"))
    .where(_IS_OPEN, cases.c.owner_key.is_not(None))
    .group_by(cases.c.owner_key)
)


def insert(connection: Connection, case: Mapping[str, Any]) -> None:
    connection.execute(cases.insert(), dict(case))


def find(connection: Connection, case_id: str) -> Row[Any] | None:
    return connection.execute(_CASE, {"of_case": case_id}).one_or_none()


def lock(connection: Connection, case_id: str) -> Row[Any] | None:
    """The case, held until the transaction ends."""
    return connection.execute(_CASE_TO_CHANGE, {"of_case": case_id}).one_or_none()


def has_open(connection: Connection, rma: str, kind: str) -> bool:
    found = connection.execute(_OPEN_OF_KIND, {"of_rma": rma, "of_kind": kind})
    return found.first() is not None


def open_cases(connection: Connection, owner_role: str | None, limit: int) -> Sequence[Row[Any]]:
    """Open cases, those due first."""
    query = select(cases).where(_IS_OPEN).order_by(cases.c.due_at_us)
    if owner_role:
        query = query.where(cases.c.owner_role == owner_role)
    return connection.execute(query.limit(limit)).all()


def of_return(connection: Connection, rma: str) -> Sequence[Row[Any]]:
    return connection.execute(_OF_RETURN, {"of_rma": rma}).all()


def load(connection: Connection) -> dict[str, int]:
    """Open cases by owner."""
    return {row.owner_key: row.n for row in connection.execute(_LOAD)}


def change(connection: Connection, case_id: str, **values: object) -> None:
    change_row(connection, cases, case_id, values)
