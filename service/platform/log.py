"""The log: one append-only table, and the order that its readers rely on.

Appending is a transaction's last step: take the one lock, *then* number, insert, commit. So a `seq`
becomes visible only after every smaller one, there are no gaps, and a reader's position is one number.
(Without the lock a reader on PostgreSQL passed seq 5 while seq 4 committed later, and never saw it.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    func,
    select,
)

from service.domain.events import Event, RecordedEvent, payload_model
from service.platform import facts
from service.platform.clock import to_us
from service.platform.db import metadata, take_turns

events = Table(
    "events",
    metadata,
    Column(
        "seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    Column("id", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("origin", Text, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("actor_key", Text),
    Column("correlation_id", Text),
    Column("causation_id", Text),
    Column("corrects", Text),
    Column("schema_version", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Index("events_by_subject", "subject", "seq"),
)

_APPEND_LOCK = 0x5245544F5552  # "RETOUR": the one advisory lock of the log
_IDS_A_QUERY = 500
_ORIGINS = select(events.c.origin).distinct()
_NEWEST = select(func.coalesce(func.max(events.c.seq), 0))
_AFTER = (
    select(events)
    .where(events.c.seq > bindparam("position"))
    .order_by(events.c.seq)
    .limit(bindparam("most", type_=Integer))
)
_EVENT = select(events).where(events.c.id == bindparam("of_event"))
_OF_SUBJECT = select(events).where(events.c.subject == bindparam("subject")).order_by(events.c.seq)
_WITH_IDS = select(events.c.id, events.c.data).where(
    events.c.id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: events that are new, known already, and known with another content (kept as first recorded)."""

    new: int = 0
    known: int = 0
    differing: tuple[str, ...] = ()


def append(
    connection: Connection,
    drafts: Sequence[Event],
    recorded_at: datetime,
    *,
    may_be_known: bool = True,
) -> Appended:
    """Append events as the last step of the caller's transaction.

    An event whose id the log holds already is not appended again, so repeating is harmless; whoever just made
    all of their ids need not have them looked for. Raises `UnknownEventType`.
    """
    for draft in drafts:
        payload_model(draft.data.type)
    recorded_at_us = to_us(recorded_at)
    rows = [_row(draft, recorded_at_us) for draft in drafts]
    return append_rows(connection, rows, may_be_known=may_be_known)


def append_rows(
    connection: Connection, rows: Sequence[RecordedEvent], *, may_be_known: bool = True
) -> Appended:
    """As `append`, for events in their recorded form; their `seq` is given here, whatever they carry."""
    if not rows:
        return Appended()
    take_turns(connection, _APPEND_LOCK)
    known = _data_by_id(connection, [row.id for row in rows]) if may_be_known else {}
    fresh: dict[str, RecordedEvent] = {}
    for row in rows:
        if row.id not in known:
            fresh[row.id] = row
            known[row.id] = row.data
    if fresh:
        made = list(fresh.values())
        _insert(connection, made)
        facts.note(connection, enumerate(made, head(connection) - len(made) + 1))
    differing = tuple(row.id for row in rows if known[row.id] != row.data)
    return Appended(len(fresh), len(rows) - len(fresh), differing)


def read_after(connection: Connection, position: int, limit: int) -> list[RecordedEvent]:
    """The next events after a reader's position, in order, `limit` at most."""
    found = connection.execute(_AFTER, {"position": position, "most": limit})
    return [_recorded(tuple(row)) for row in found]


def read_subject(connection: Connection, subject: str) -> list[RecordedEvent]:
    """Everything that the log says about one subject, in order."""
    return [_recorded(tuple(row)) for row in connection.execute(_OF_SUBJECT, {"subject": subject})]


def find(connection: Connection, event_id: str) -> RecordedEvent | None:
    """One event by its id."""
    row = connection.execute(_EVENT, {"of_event": event_id}).one_or_none()
    return None if row is None else _recorded(tuple(row))


def known_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these ids that the log holds."""
    return set(_data_by_id(connection, ids))


def origins(connection: Connection) -> set[str]:
    """Where the events of the log come from: live, import, simulated."""
    return {row.origin for row in connection.execute(_ORIGINS)}


def head(connection: Connection) -> int:
    """The `seq` of the newest event; 0 for an empty log."""
    newest: int = connection.execute(_NEWEST).scalar_one()
    return newest


def _data_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The data of those of these events that the log holds."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), _IDS_A_QUERY):
        some = {"ids": ids[start : start + _IDS_A_QUERY]}
        found.update((row.id, row.data) for row in connection.execute(_WITH_IDS, some))
    return found


_COLUMNS = tuple(column.name for column in events.columns if column.name != "seq")
_WITHOUT_SEQ = attrgetter(*_COLUMNS)
# Each row is numbered as it is inserted: nobody else can be, for the lock is ours.
_INSERT = events.insert().values(seq=_NEWEST.scalar_subquery() + 1)
_SQLITE_INSERT = (
    f"insert into events (seq, {', '.join(_COLUMNS)}) "
    f"values ((select coalesce(max(seq), 0) + 1 from events), {', '.join('?' * len(_COLUMNS))})"
)


def _insert(connection: Connection, rows: Sequence[RecordedEvent]) -> None:
    """Tuples straight to SQLite's driver: an import brings tens of thousands, and dictionaries cost three times as much."""
    values = [_WITHOUT_SEQ(row) for row in rows]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_SQLITE_INSERT, values)
    else:
        named = [dict(zip(_COLUMNS, row, strict=True)) for row in values]
        connection.execute(_INSERT, named)


def _row(draft: Event, recorded_at_us: int) -> RecordedEvent:
    return RecordedEvent(
        seq=0,
        id=draft.id,
        source=draft.source,
        type=draft.data.type,
        subject=draft.subject,
        time_us=to_us(draft.time),
        recorded_at_us=recorded_at_us,
        origin=draft.origin,
        actor_role=draft.actor.role,
        actor_key=draft.actor.key,
        correlation_id=draft.correlation_id,
        causation_id=draft.causation_id,
        corrects=draft.corrects,
        schema_version=draft.data.schema_version,
        data=draft.data.model_dump_json(),
    )


def _recorded(row: tuple[object, ...]) -> RecordedEvent:
    return RecordedEvent(*row)  # type: ignore[arg-type]  # the columns are the fields, in order
