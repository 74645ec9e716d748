"""Reviews as the service holds them: one a return, opened anew where goods came after all."""

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
    delete,
    func,
    select,
)

from service.domain.events import ReturnAssessed
from service.platform.db import change_row, metadata
from service.platform.log import events

reviews = Table(
    "reviews",
    metadata,
    Column("rma", Text, primary_key=True),
    Column("reviewer_key", Text),
    Column("language", Text, nullable=False),
    Column("opened_at_us", BigInteger, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("paused_since_us", BigInteger),
    Column("paused_us", BigInteger, nullable=False),
    Column("closed_at_us", BigInteger),
    Index("reviews_open", "closed_at_us", "due_at_us"),
)

# Put together once: that takes longer than SQLite needs to answer.
_FORGET = delete(reviews).where(reviews.c.rma == bindparam("of_rma"))
_OPEN = select(reviews).where(
    reviews.c.rma == bindparam("of_rma"), reviews.c.closed_at_us.is_(None)
)
_LOAD = (
    select(reviews.c.reviewer_key, func.count().label("n"))
    .where(
        reviews.c.closed_at_us.is_(None),
        reviews.c.paused_since_us.is_(None),
        reviews.c.reviewer_key.is_not(None),
    )
    .group_by(reviews.c.reviewer_key)
)


def open_anew(connection: Connection, review: Mapping[str, Any]) -> None:
    connection.execute(_FORGET, {"of_rma": review["rma"]})
    connection.execute(reviews.insert(), dict(review))


def find_open(connection: Connection, rma: str) -> Row[Any] | None:
    return connection.execute(_OPEN, {"of_rma": rma}).one_or_none()


def load(connection: Connection) -> dict[str, int]:
    """Open reviews by reviewer; those that wait for a customer are no load."""
    return {row.reviewer_key: row.n for row in connection.execute(_LOAD)}


def held_by(connection: Connection, reviewer_key: str) -> Sequence[Row[Any]]:
    """The open reviews of one person, those too that wait for a customer; those due first."""
    query = select(reviews).where(
        reviews.c.closed_at_us.is_(None), reviews.c.reviewer_key == reviewer_key
    )
    return connection.execute(query.order_by(reviews.c.due_at_us)).all()


def queue(connection: Connection, reviewer_key: str | None, limit: int) -> Sequence[Row[Any]]:
    """Open reviews, those due first; of one reviewer or of all."""
    query = select(reviews).where(
        reviews.c.closed_at_us.is_(None), reviews.c.paused_since_us.is_(None)
    )
    if reviewer_key:
        query = query.where(reviews.c.reviewer_key == reviewer_key)
    return connection.execute(query.order_by(reviews.c.due_at_us).limit(limit)).all()


def assessments(connection: Connection, rmas: Sequence[str]) -> dict[str, ReturnAssessed]:
    """What the approval step said of returns, the newest of each; those that it never saw are missing."""
    query = (
        select(events.c.subject, events.c.data)
        .where(events.c.subject.in_(rmas), events.c.type == ReturnAssessed.type)
        .order_by(events.c.seq)
    )
    return {
        row.subject: ReturnAssessed.model_validate_json(row.data)
        for row in connection.execute(query)
    }


def change(connection: Connection, rma: str, **values: object) -> None:
    change_row(connection, reviews, rma, values)
