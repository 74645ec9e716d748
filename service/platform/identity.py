"""Customers as random tokens. The look-up lives here only: erase its row, and nothing links any more."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from service.platform.db import metadata
from service.platform.ids import Ids

identity_tokens = Table(
    "identity_tokens",
    metadata,
    Column("lookup", Text, primary_key=True),
    Column("token", Text, nullable=False, unique=True),
)

_A_QUERY = 500
_TOKEN = select(identity_tokens.c.token).where(identity_tokens.c.lookup == bindparam("lookup"))
_LEADING = (
    select(identity_tokens.c.token)
    .where(identity_tokens.c.token == bindparam("of_token"))
    .with_for_update(read=True, key_share=True)
)
_WITH_LOOKUPS = select(identity_tokens).where(
    identity_tokens.c.lookup.in_(bindparam("lookups", expanding=True))
)


class Identity:
    """Turns what a shop calls its customer into a token that says nothing."""

    def __init__(self, secret: bytes, ids: Ids) -> None:
        self._secret = secret
        self._ids = ids

    def customer_key(self, connection: Connection, reference: str) -> str:
        """The token of a customer, made at the first meeting."""
        return self.customer_keys(connection, [reference])[reference]

    def known_customer_key(self, connection: Connection, reference: str) -> str | None:
        """The token of a customer, or None if we have not met; makes nothing."""
        found = connection.execute(_TOKEN, {"lookup": self._lookup(reference)})
        return found.scalar_one_or_none()

    def leads_to_somebody(self, connection: Connection, customer_key: str) -> bool:
        """Whether a token was not erased; nobody erases it before the transaction ends."""
        return connection.execute(_LEADING, {"of_token": customer_key}).first() is not None

    def forget(self, connection: Connection, reference: str) -> str | None:
        """Erase the way from a customer to its token. Returns the token; None if we have not met."""
        forgotten = (
            delete(identity_tokens)
            .where(identity_tokens.c.lookup == self._lookup(reference))
            .returning(identity_tokens.c.token)
        )
        return connection.execute(forgotten).scalar_one_or_none()

    def customer_keys(self, connection: Connection, references: Sequence[str]) -> Mapping[str, str]:
        """The tokens of many customers, those missing made in the order given."""
        lookups = {reference: self._lookup(reference) for reference in references}
        known = self._known(connection, list(lookups.values()))
        missing = [lookup for lookup in lookups.values() if lookup not in known]
        if missing:
            self._make(connection, missing)
            known.update(self._known(connection, missing))
        return {reference: known[lookup] for reference, lookup in lookups.items()}

    def _make(self, connection: Connection, lookups: list[str]) -> None:
        """Two processes that meet a customer at the same moment agree: the first one's token stays."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(identity_tokens).on_conflict_do_nothing(),
            [{"lookup": each, "token": self._ids.token("cus")} for each in lookups],
        )

    def keyed_hash(self, kind: str, text: str) -> str:
        """A name for a text that tells nothing of it to whoever lacks the key."""
        message = f"{kind}\x1f{text}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()

    def _lookup(self, reference: str) -> str:
        return self.keyed_hash("customer", reference)

    def _known(self, connection: Connection, lookups: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(lookups), _A_QUERY):
            asked = {"lookups": lookups[start : start + _A_QUERY]}
            rows = connection.execute(_WITH_LOOKUPS, asked)
            found.update((row.lookup, row.token) for row in rows)
        return found
