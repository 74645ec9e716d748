"""What people wrote in their own words: kept here alone, until it is erased. Events carry a `text_ref` instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
)

from service.domain.words import Language
from service.platform.clock import from_us, to_us
from service.platform.db import metadata
from service.platform.ids import Ids
from service.platform.problems import NotFound

texts = Table(
    "texts",
    metadata,
    Column("text_ref", Text, primary_key=True),
    Column("customer_key", Text),
    Column("rma", Text),
    Column("case_id", Text),
    Column("kind", Text, nullable=False),
    Column("language", Text),
    Column("body", Text, nullable=False),
    Column("written_at_us", BigInteger, nullable=False),
    Index("texts_by_customer", "customer_key"),
    Index("texts_by_kind", "kind", "written_at_us"),
)

# What customers write about the goods of a return: in its survey, as a complaint, or of a danger.
ON_GOODS = ("comment", "complaint", "safety")
_AT_ONCE = 1_000  # refs of one statement: databases take some tens of thousands
_TEXT = select(texts).where(texts.c.text_ref == bindparam("of_text"))


class UnknownText(NotFound):
    title = "No such text"

    def __init__(self, text_ref: str) -> None:
        super().__init__(
            f"no text {text_ref!r} is kept; check the reference: it may be mistyped, or the text was erased"
        )


@dataclass(frozen=True, slots=True)
class StoredText:
    """A text and what it is about. `kind` says what it is, such as `message`; unknown is None."""

    body: str
    kind: str
    written_at: datetime
    customer_key: str | None = None
    rma: str | None = None
    case_id: str | None = None
    language: Language | None = None


def write(connection: Connection, ids: Ids, text: StoredText) -> str:
    """Keep a text. Returns its `text_ref`, a random token that may stand in events."""
    text_ref = ids.token("txt")
    row = {
        "text_ref": text_ref,
        "customer_key": text.customer_key,
        "rma": text.rma,
        "case_id": text.case_id,
        "kind": text.kind,
        "language": text.language,
        "body": text.body,
        "written_at_us": to_us(text.written_at),
    }
    connection.execute(texts.insert(), row)
    return text_ref


def read(connection: Connection, text_ref: str) -> StoredText:
    """A text. Raises `UnknownText`."""
    row = connection.execute(_TEXT, {"of_text": text_ref}).one_or_none()
    if row is None:
        raise UnknownText(text_ref)
    return StoredText(
        body=row.body,
        kind=row.kind,
        written_at=from_us(row.written_at_us),
        customer_key=row.customer_key,
        rma=row.rma,
        case_id=row.case_id,
        language=row.language,
    )


def bodies(connection: Connection, text_refs: Sequence[str]) -> dict[str, str]:
    """What these texts say, by `text_ref`, those that are kept."""
    query = select(texts.c.text_ref, texts.c.body).where(texts.c.text_ref.in_(text_refs))
    return {row.text_ref: row.body for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Words:
    """What a text says; `language` is None where nobody noted it."""

    body: str
    language: Language | None


def words(connection: Connection, text_refs: Sequence[str]) -> dict[str, Words]:
    """What any number of texts say, by `text_ref`, those that are kept."""
    asked = select(texts.c.text_ref, texts.c.body, texts.c.language)
    return {
        row.text_ref: Words(row.body, row.language)
        for first in range(0, len(text_refs), _AT_ONCE)
        for row in connection.execute(
            asked.where(texts.c.text_ref.in_(text_refs[first : first + _AT_ONCE]))
        )
    }


def count_on_goods(connection: Connection) -> int:
    """How many texts about goods are kept."""
    query = select(func.count()).where(texts.c.kind.in_(ON_GOODS))
    return connection.execute(query).scalar_one()


def erase_of(connection: Connection, customer_key: str) -> int:
    """Delete all that a customer wrote. Returns how many texts it was."""
    return connection.execute(delete(texts).where(texts.c.customer_key == customer_key)).rowcount
