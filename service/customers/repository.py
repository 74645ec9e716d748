"""How customers are reached, what their orders came by, and who tried to pass for one.

Contacts are personal: they stand here alone, never in the log, and erasing removes them. Links are random tokens.
"""

from collections.abc import Mapping
from datetime import datetime
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
    select,
)

from service.domain.words import Language
from service.orders.repository import orders
from service.platform.clock import from_us
from service.platform.db import insert_those_unknown, metadata, put_row
from service.platform.identity import Kind

contacts = Table(
    "contacts",
    metadata,
    Column("customer_key", Text, primary_key=True),
    Column("email", Text),
    Column("mail_hash", Text),
    Column("language", Text, nullable=False, server_default="en"),
)

customer_links = Table(
    "customer_links",
    metadata,
    Column("customer_key", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("first_seen_at_us", BigInteger, nullable=False),
    Column("order_id", Text, nullable=False),
    Index("customer_links_by_token", "token"),
)

wrong_tries = Table(
    "wrong_tries",
    metadata,
    Column("try_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("tried_at_us", BigInteger, nullable=False),
    Index("wrong_tries_by_order", "order_id", "tried_at_us"),
)

_CONTACT = select(contacts).where(contacts.c.customer_key == bindparam("of_customer"))
_CONTACT_TO_KEEP = _CONTACT.with_for_update(read=True)


def upsert(connection: Connection, customer_key: str, told: dict[str, str]) -> None:
    """Note the columns that were told; the others stay as they are."""
    put_row(connection, contacts, {"customer_key": customer_key, **told}, "customer_key")


def keep_reachable(connection: Connection, customer_key: str) -> bool:
    """Whether a customer can be written to; if so, nobody erases them before the transaction, one that may write, ends."""
    found = connection.execute(_CONTACT_TO_KEEP, {"of_customer": customer_key})
    return found.first() is not None


def erase_contact(connection: Connection, customer_key: str) -> int:
    """Returns how many contacts it was: one or none."""
    return connection.execute(
        delete(contacts).where(contacts.c.customer_key == customer_key)
    ).rowcount


def link(
    connection: Connection,
    customer_key: str,
    tokens: Mapping[Kind, str],
    order_id: str,
    seen_at_us: int,
) -> bool:
    """Link a customer to at least one token. Says whether any of the links is new."""
    seen = {"customer_key": customer_key, "first_seen_at_us": seen_at_us, "order_id": order_id}
    rows = [{**seen, "kind": kind, "token": token} for kind, token in tokens.items()]
    return bool(insert_those_unknown(connection, customer_links, rows))


def erase_links(connection: Connection, customer_key: str) -> list[str]:
    """Delete what a customer is linked to. Returns the tokens that it was."""
    erased = (
        delete(customer_links)
        .where(customer_links.c.customer_key == customer_key)
        .returning(customer_links.c.token)
    )
    return list(connection.execute(erased).scalars())


def mail_hash_of_order(connection: Connection, order_id: str) -> str | None:
    """The hash of the mail address behind an order; None where either is unknown."""
    query = (
        select(contacts.c.mail_hash)
        .join(orders, orders.c.customer_key == contacts.c.customer_key)
        .where(orders.c.order_id == order_id)
    )
    return connection.execute(query).scalar_one_or_none()


def tries_since(connection: Connection, order_id: str, since_us: int) -> list[datetime]:
    """The moments of the wrong tries for an order after a moment, oldest first."""
    query = (
        select(wrong_tries.c.tried_at_us)
        .where(wrong_tries.c.order_id == order_id, wrong_tries.c.tried_at_us > since_us)
        .order_by(wrong_tries.c.tried_at_us)
    )
    return [from_us(each) for each in connection.execute(query).scalars()]


def note_try(connection: Connection, try_id: str, order_id: str, now_us: int) -> None:
    row = {"try_id": try_id, "order_id": order_id, "tried_at_us": now_us}
    connection.execute(wrong_tries.insert(), row)


def forget_tries(connection: Connection, until_us: int) -> None:
    """Those that count no longer, whatever order they were for."""
    connection.execute(delete(wrong_tries).where(wrong_tries.c.tried_at_us <= until_us))


def find(connection: Connection, customer_key: str) -> Row[Any] | None:
    """How a customer is reached, where the shop told it."""
    return connection.execute(_CONTACT, {"of_customer": customer_key}).one_or_none()


def language_of(connection: Connection, customer_key: str | None) -> Language:
    """The customer's language; English where the shop told none."""
    found = find(connection, customer_key) if customer_key else None
    return "zh" if found is not None and found.language == "zh" else "en"
