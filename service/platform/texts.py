"""What people wrote in their own words: kept here alone, until it is erased. Events carry a `text_ref` instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, bindparam, delete, select

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
)

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


def erase_of(connection: Connection, customer_key: str) -> int:
    """Delete all that a customer wrote. Returns how many texts it was."""
    return connection.execute(delete(texts).where(texts.c.customer_key == customer_key)).rowcount
