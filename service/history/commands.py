"""A shop's past enters in one transaction: customers' tokens, the state of every noun, and the events.

What the service knows already stays as it was first recorded; so an import can be repeated.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection, Table, func, select

from service.catalog.repository import products
from service.domain.events import ImportCompleted, RecordedEvent, payload_model
from service.orders.repository import deliveries, delivery_lines, order_lines, orders
from service.platform import log
from service.platform.clock import to_us
from service.platform.db import Database, take_turns
from service.platform.unit import Context
from service.returns.repository import return_lines, returns

Row = tuple[object, ...]

# Each noun's tables, the one that decides whether the noun is known first; all begin with the noun's key.
NOUNS: Mapping[str, tuple[Table, ...]] = {
    "product": (products,),
    "order": (orders, order_lines, deliveries, delivery_lines),
    "return": (returns, return_lines),
}
_KEYS_A_QUERY = 500
_IMPORT_LOCK = 0x494D504F5254  # "IMPORT": two imports take turns


class History(Protocol):
    """A past that was read, checked and put in order; every stream comes in batches."""

    def customers(self) -> Iterator[Sequence[str]]:
        """What the shop calls its customers, in the order of their first appearance."""
        ...

    def name_customers(self, tokens: Mapping[str, str]) -> None:
        """Take the tokens of one batch of customers; rows and events carry them from then on."""
        ...

    def rows(self, table: str) -> Iterator[Sequence[Row]]:
        """The rows of one of the service's tables, values in the order of its columns."""
        ...

    def events(self, recorded_at_us: int) -> Iterator[Sequence[tuple[str, RecordedEvent]]]:
        """The events in the order in which they happened, each with the noun that it belongs to."""
        ...

    def completed(self, recorded_at_us: int) -> RecordedEvent:
        """The last word on an import that brought something: what was read."""
        ...


@dataclass(slots=True)
class Taken:
    """What an import did: facts that are new, and nouns that stayed as first recorded although the file differs."""

    new_events: int = 0
    known_events: int = 0
    differing: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Orders as recorded: `orders` as (order_id, customer_key, currency), `lines` as (order_id, line_no, sku,
    quantity, unit_price_minor), and the units that came back as (order_id, order_line_no, rma, quantity)."""

    orders: Sequence[Row]
    lines: Sequence[Row]
    returned: Sequence[Row]


class Histories:
    """Takes in a shop's past."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def import_(self, history: History) -> Taken:
        """Write a whole history, or nothing of it."""
        with self._context.db.write() as connection:
            take_turns(connection, _IMPORT_LOCK)
            for references in history.customers():
                tokens = self._context.identity.customer_keys(connection, references)
                history.name_customers(tokens)
            known = {noun: _write_state(connection, history, noun) for noun in NOUNS}
            recorded_at_us = to_us(self._context.clock.now())
            taken = _append(connection, history.events(recorded_at_us), known)
            if taken.new_events:
                last_word = history.completed(recorded_at_us)
                taken.new_events += log.append_rows(connection, [last_word]).new
            return taken

    def recorded_orders(self, order_ids: Iterable[Sequence[str]]) -> Iterator[Recorded]:
        """What is recorded of these orders, batch by batch; of an empty service nothing is asked."""
        with self._context.db.read() as connection:
            if not connection.execute(select(orders.c.order_id).limit(1)).first():
                return
            for batch in order_ids:
                for some in _slices(batch):
                    yield _recorded_orders(connection, some)

    def known_customers(self, references: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The tokens of those customers whom the service knows; makes none."""
        with self._context.db.read() as connection:
            for reference in references:
                if token := self._context.identity.known_customer_key(connection, reference):
                    yield reference, token


def newest_timezone(db: Database) -> str | None:
    """The shop's zone as the newest import said it; None where nothing was imported."""
    query = (
        select(log.events.c.data)
        .where(log.events.c.type == ImportCompleted.type)
        .order_by(log.events.c.seq.desc())
        .limit(1)
    )
    with db.read() as connection:
        data = connection.execute(query).scalar()
    return ImportCompleted.model_validate_json(data).timezone if data else None


def _recorded_orders(connection: Connection, order_ids: Sequence[str]) -> Recorded:
    head, line, units = orders.c, order_lines.c, return_lines.c
    queries = (
        select(head.order_id, head.customer_key, head.currency).where(head.order_id.in_(order_ids)),
        select(line.order_id, line.line_no, line.sku, line.quantity, line.unit_price_minor).where(
            line.order_id.in_(order_ids)
        ),
        select(units.order_id, units.order_line_no, units.rma, units.quantity).where(
            units.order_id.in_(order_ids)
        ),
    )
    return Recorded(*([tuple(row) for row in connection.execute(query)] for query in queries))


def _write_state(connection: Connection, history: History, noun: str) -> set[str]:
    """Write what is new of one noun. Returns the keys that the service knew before."""
    first, *others = NOUNS[noun]
    known: set[str] = set()
    is_empty = not connection.execute(select(func.count()).select_from(first)).scalar_one()
    for batch in history.rows(first.name):
        if not is_empty:
            known |= _known_keys(connection, first, [str(row[0]) for row in batch])
        _insert(connection, first, _unknown(batch, known))
    for table in others:
        for batch in history.rows(table.name):
            _insert(connection, table, _unknown(batch, known))
    return known


def _unknown(batch: Sequence[Row], known: set[str]) -> Sequence[Row]:
    return [row for row in batch if row[0] not in known] if known else batch


def _known_keys(connection: Connection, table: Table, keys: Sequence[str]) -> set[str]:
    key = table.columns[0]
    found: set[str] = set()
    for some in _slices(keys):
        found.update(connection.execute(select(key).where(key.in_(some))).scalars())
    return found


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert by the driver's own bulk way: half a million order lines pass here.

    Rows may leave out a table's last columns, which then have their defaults.
    """
    if not rows:
        return
    width = len(rows[0])
    names = ", ".join(table.columns.keys()[:width])
    if connection.dialect.name == "postgresql":
        copy = f"copy {table.name} ({names}) from stdin"
        with connection.connection.cursor().copy(copy) as target:
            for row in rows:
                target.write_row(row)
    else:
        marks = ", ".join("?" * width)
        connection.exec_driver_sql(
            f"insert into {table.name} ({names}) values ({marks})",  # names of ours
            list(rows),
        )


def _append(
    connection: Connection,
    batches: Iterable[Sequence[tuple[str, RecordedEvent]]],
    known: Mapping[str, set[str]],
) -> Taken:
    taken = Taken(differing={noun: set() for noun in known})
    for batch in batches:
        fresh = [event for noun, event in batch if event.subject not in known.get(noun, ())]
        appended = log.append_rows(connection, fresh)
        taken.new_events += appended.new
        taken.known_events += len(batch) - appended.new
        old = [(noun, event) for noun, event in batch if event.subject in known.get(noun, ())]
        _note_differences(connection, old, taken)
    return taken


def _note_differences(
    connection: Connection, old: Sequence[tuple[str, RecordedEvent]], taken: Taken
) -> None:
    recorded = _recorded(connection, [event.id for _, event in old])
    for noun, event in old:
        if not _says_the_same(recorded.get(event.id), event):
            taken.differing[noun].add(event.subject)


def _says_the_same(recorded: str | None, event: RecordedEvent) -> bool:
    """Other words may say the same: an older Retour did not write the fields that were added since."""
    if recorded is None or recorded == event.data:
        return recorded is not None
    read = payload_model(event.type).model_validate_json
    return read(recorded) == read(event.data)


def _recorded(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _slices(ids):
        query = select(log.events.c.id, log.events.c.data).where(log.events.c.id.in_(some))
        found.update((row.id, row.data) for row in connection.execute(query))
    return found


def _slices(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + _KEYS_A_QUERY] for start in range(0, len(keys), _KEYS_A_QUERY))
