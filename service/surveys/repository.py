"""Surveys as the service holds them: one a return, answered once. What was said in own words is in the erasable store."""

from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Row, Table, Text, bindparam, select

from service.platform.db import change_row, insert_unless_known, metadata

surveys = Table(
    "surveys",
    metadata,
    Column("rma", Text, primary_key=True),
    Column("sent_at_us", BigInteger, nullable=False),
    Column("reminded_at_us", BigInteger),
    Column("answered_at_us", BigInteger),
    Column("csat", Integer),
)

_SURVEY = select(surveys).where(surveys.c.rma == bindparam("of_rma"))
_SURVEY_TO_CHANGE = _SURVEY.with_for_update()


def insert(connection: Connection, rma: str, sent_at_us: int) -> bool:
    """Whether it is the first of this return."""
    return insert_unless_known(connection, surveys, {"rma": rma, "sent_at_us": sent_at_us})


def find(connection: Connection, rma: str) -> Row[Any] | None:
    return connection.execute(_SURVEY, {"of_rma": rma}).one_or_none()


def lock(connection: Connection, rma: str) -> Row[Any] | None:
    """The survey, held until the transaction ends."""
    return connection.execute(_SURVEY_TO_CHANGE, {"of_rma": rma}).one_or_none()


def change(connection: Connection, rma: str, **values: object) -> None:
    change_row(connection, surveys, rma, values)
