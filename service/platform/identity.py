"""Customers, and what their orders came by, as random tokens. The look-up lives here only: erase its row, and nothing links any more."""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, select

from service.platform.db import insert_those_unknown, metadata
from service.platform.ids import Ids

identity_tokens = Table(
    "identity_tokens",
    metadata,
    Column("lookup", Text, primary_key=True),
    Column("token", Text, nullable=False, unique=True),
)

Kind = Literal["customer", "address", "device", "phone", "payment"]
_PREFIXES: Mapping[Kind, str] = {
    "customer": "cus",
    "address": "adr",
    "device": "dev",
    "phone": "pho",
    "payment": "pay",
}
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
    """Turns what a shop calls its customer, an address and the like into tokens that say nothing."""

    def __init__(self, secret: bytes, ids: Ids) -> None:
        self._secret = secret
        self._ids = ids

    def tokens(self, connection: Connection, references: Mapping[Kind, str]) -> dict[Kind, str]:
        """The tokens of what was told together, one of each kind; those missing are made."""
        found = self._tokens(connection, list(references.items()))
        return {kind: found[kind, reference] for kind, reference in references.items()}

    def customer_keys(self, connection: Connection, references: Sequence[str]) -> Mapping[str, str]:
        """The tokens of many customers, those missing made in the order given."""
        found = self._tokens(connection, [("customer", each) for each in references])
        return {reference: token for (_, reference), token in found.items()}

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

    def forget_tokens(self, connection: Connection, tokens: Collection[str]) -> int:
        """Erase the ways to tokens: what they stood for gets others from then on. Returns how many there were."""
        forgotten = delete(identity_tokens).where(identity_tokens.c.token.in_(tokens))
        return connection.execute(forgotten).rowcount

    def keyed_hash(self, kind: str, text: str) -> str:
        """A name for a text that tells nothing of it to whoever lacks the key."""
        message = f"{kind}\x1f{text}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()

    def _lookup(self, reference: str) -> str:
        return self.keyed_hash("customer", reference)

    def _tokens(
        self, connection: Connection, named: Sequence[tuple[Kind, str]]
    ) -> dict[tuple[Kind, str], str]:
        lookups = {each: self.keyed_hash(*each) for each in named}
        known = self._known(connection, list(lookups.values()))
        missing = {lookup: kind for (kind, _), lookup in lookups.items() if lookup not in known}
        if missing:
            known.update(self._make(connection, missing))
        return {each: known[lookup] for each, lookup in lookups.items()}

    def _make(self, connection: Connection, missing: Mapping[str, Kind]) -> dict[str, str]:
        """Two processes that meet a customer at the same moment agree: the first one's token stays."""
        made = {lookup: self._ids.token(_PREFIXES[kind]) for lookup, kind in missing.items()}
        rows = [{"lookup": lookup, "token": token} for lookup, token in made.items()]
        ours = {row.lookup for row in insert_those_unknown(connection, identity_tokens, rows)}
        theirs = self._known(connection, [lookup for lookup in made if lookup not in ours])
        return made | theirs

    def _known(self, connection: Connection, lookups: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(lookups), _A_QUERY):
            asked = {"lookups": lookups[start : start + _A_QUERY]}
            rows = connection.execute(_WITH_LOOKUPS, asked)
            found.update((row.lookup, row.token) for row in rows)
        return found
