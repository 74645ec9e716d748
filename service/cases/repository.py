"""Cases as the service holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, func, select, update

from service.platform.db import metadata

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


def insert(connection: Connection, case: Mapping[str, Any]) -> None:
    connection.execute(cases.insert(), dict(case))


def find(connection: Connection, case_id: str) -> Row[Any] | None:
    return connection.execute(select(cases).where(cases.c.case_id == case_id)).one_or_none()


def lock(connection: Connection, case_id: str) -> Row[Any] | None:
    """The case, held until the transaction ends."""
    query = select(cases).where(cases.c.case_id == case_id).with_for_update()
    return connection.execute(query).one_or_none()


def has_open(connection: Connection, rma: str, kind: str) -> bool:
    query = select(cases.c.case_id).where(
        cases.c.rma == rma, cases.c.kind == kind, cases.c.closed_at_us.is_(None)
    )
    return connection.execute(query.limit(1)).first() is not None


def open_cases(connection: Connection, owner_role: str | None, limit: int) -> Sequence[Row[Any]]:
    """Open cases, those due first."""
    query = select(cases).where(cases.c.closed_at_us.is_(None)).order_by(cases.c.due_at_us)
    if owner_role:
        query = query.where(cases.c.owner_role == owner_role)
    return connection.execute(query.limit(limit)).all()


def of_return(connection: Connection, rma: str) -> Sequence[Row[Any]]:
    query = select(cases).where(cases.c.rma == rma).order_by(cases.c.opened_at_us)
    return connection.execute(query).all()


def load(connection: Connection) -> dict[str, int]:
    """Open cases by owner."""
    query = (
        select(cases.c.owner_key, func.count().label("n"))
        .where(cases.c.closed_at_us.is_(None), cases.c.owner_key.is_not(None))
        .group_by(cases.c.owner_key)
    )
    return {row.owner_key: row.n for row in connection.execute(query)}


def change(connection: Connection, case_id: str, **values: object) -> None:
    connection.execute(update(cases).where(cases.c.case_id == case_id).values(values))
