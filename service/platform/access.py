"""Who looked at personal data: a log of its own, apart from the events. It names the thing, never what it says."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Table, Text

from service.platform.auth import Caller
from service.platform.clock import to_us
from service.platform.db import metadata

access_log = Table(
    "access_log",
    metadata,
    Column("at_us", BigInteger, nullable=False),
    Column("caller", Text, nullable=False),
    Column("staff_id", Text),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
)


def note_access(connection: Connection, by: Caller, what: str, subject: str, now: datetime) -> None:
    """Note, in the transaction that shows it, that a caller saw a thing such as (`text`, its ref)."""
    _note(connection, by.key_id, by.staff_id, what, subject, now)


def note_analysis(
    connection: Connection, by: str, texts: int, what_for: str, now: datetime
) -> None:
    """Note, in the transaction that reads them, that a part of Retour itself read texts together, to count their words."""
    _note(connection, by, None, "texts", f"{what_for}: {texts}", now)


def _note(
    connection: Connection,
    caller: str,
    staff_id: str | None,
    what: str,
    subject: str,
    now: datetime,
) -> None:
    row = {
        "at_us": to_us(now),
        "caller": caller,
        "staff_id": staff_id,
        "what": what,
        "subject": subject,
    }
    connection.execute(access_log.insert(), row)
