"""Cases as the service holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    case,
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
    Column("answer_due_at_us", BigInteger),
    Index("cases_by_return", "rma"),
    Index("cases_open", "closed_at_us", "due_at_us"),
)

# What customer and staff wrote to each other, the customer's first words and the closing answer included.
case_messages = Table(
    "case_messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("direction", Text, nullable=False),
    Column("written_by", Text, nullable=False),
    Column("language", Text),
    Column("text_ref", Text, nullable=False),
    Column("written_at_us", BigInteger, nullable=False),
    Index("case_messages_by_case", "case_id", "number", unique=True),
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
_THREAD = (
    select(case_messages)
    .where(case_messages.c.case_id == bindparam("of_case"))
    .order_by(case_messages.c.number)
)
_MESSAGES = select(func.count()).where(case_messages.c.case_id == bindparam("of_case"))
_DUE_FIRST = case(
    (cases.c.answer_due_at_us < cases.c.due_at_us, cases.c.answer_due_at_us),
    else_=cases.c.due_at_us,
)
_LOAD = (
    select(cases.c.owner_key, func.count().label("n"))
    .where(_IS_OPEN, cases.c.owner_key.is_not(None))
    .group_by(cases.c.owner_key)
)


def insert(connection: Connection, row: Mapping[str, Any]) -> None:
    connection.execute(cases.insert(), dict(row))


def find(connection: Connection, case_id: str) -> Row[Any] | None:
    return connection.execute(_CASE, {"of_case": case_id}).one_or_none()


def lock(connection: Connection, case_id: str) -> Row[Any] | None:
    """The case, held until the transaction ends."""
    return connection.execute(_CASE_TO_CHANGE, {"of_case": case_id}).one_or_none()


def has_open(connection: Connection, rma: str, kind: str) -> bool:
    found = connection.execute(_OPEN_OF_KIND, {"of_rma": rma, "of_kind": kind})
    return found.first() is not None


def open_cases(connection: Connection, owner_role: str | None, limit: int) -> Sequence[Row[Any]]:
    """Open cases, those first that are due first: to be closed, or their customer to be answered."""
    query = select(cases).where(_IS_OPEN).order_by(_DUE_FIRST)
    if owner_role:
        query = query.where(cases.c.owner_role == owner_role)
    return connection.execute(query.limit(limit)).all()


def of_return(connection: Connection, rma: str) -> Sequence[Row[Any]]:
    return connection.execute(_OF_RETURN, {"of_rma": rma}).all()


def insert_message(connection: Connection, message: Mapping[str, Any]) -> None:
    """Note a message as the next of its case, which must be held."""
    number = 1 + messages(connection, message["case_id"])
    connection.execute(case_messages.insert(), {**message, "number": number})


def messages(connection: Connection, case_id: str) -> int:
    """How many messages were written on a case."""
    return int(connection.execute(_MESSAGES, {"of_case": case_id}).scalar_one())


def thread(connection: Connection, case_id: str) -> Sequence[Row[Any]]:
    """What was written on a case, the oldest first."""
    return connection.execute(_THREAD, {"of_case": case_id}).all()


def load(connection: Connection) -> dict[str, int]:
    """Open cases by owner."""
    return {row.owner_key: row.n for row in connection.execute(_LOAD)}


def change(connection: Connection, case_id: str, **values: object) -> None:
    change_row(connection, cases, case_id, values)
