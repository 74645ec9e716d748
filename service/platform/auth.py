"""API keys: one per system, with a role; kept as a hash only. A key is 256 random bits, so SHA-256 is enough."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import BigInteger, Column, Table, Text, select

from service.platform.clock import Clock, from_us, to_us
from service.platform.db import Database, metadata
from service.platform.ids import Ids
from service.platform.problems import KeyNotValid, NotAllowed, NotAuthenticated, NotFound

KeyRole = Literal["shop", "storefront", "admin"]
Scope = Literal["orders:write", "products:write", "returns:write", "returns:read"]

SCOPES: dict[KeyRole, frozenset[Scope]] = {
    "shop": frozenset({"orders:write", "products:write"}),
    "storefront": frozenset({"returns:write", "returns:read"}),
    "admin": frozenset(get_args(Scope)),
}

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("created_at_us", BigInteger, nullable=False),
    Column("revoked_at_us", BigInteger),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the id of the key and its role."""

    key_id: str
    role: KeyRole

    def require(self, scope: Scope) -> None:
        """Raises `NotAllowed` where the role lacks the scope."""
        if scope not in SCOPES[self.role]:
            able = " or ".join(role for role, scopes in SCOPES.items() if scope in scopes)
            raise NotAllowed(
                f"a key of role {self.role} has no scope {scope}; "
                f"use one of role {able} (`retour keys create --role …`)"
            )


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """What may be shown of a key."""

    key_id: str
    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None


class Keys:
    """Makes, lists, revokes and recognises keys."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db, self._clock, self._ids = db, clock, ids

    def create(self, role: KeyRole, name: str) -> str:
        """A new key. It is returned once and kept nowhere."""
        key = f"rk_{secrets.token_urlsafe(32)}"
        with self._db.write() as connection:
            connection.execute(
                api_keys.insert().values(
                    key_id=self._ids.token("key"),
                    name=name,
                    role=role,
                    key_hash=_hash(key),
                    created_at_us=to_us(self._clock.now()),
                )
            )
        return key

    def entries(self) -> list[KeyEntry]:
        """Every key, the revoked ones too, oldest first."""
        with self._db.read() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at_us)).all()
        return [
            KeyEntry(
                row.key_id,
                row.name,
                row.role,
                from_us(row.created_at_us),
                None if row.revoked_at_us is None else from_us(row.revoked_at_us),
            )
            for row in rows
        ]

    def revoke(self, key_id: str) -> None:
        """From now on the key is refused. Raises `NotFound`."""
        now_us = to_us(self._clock.now())
        with self._db.write() as connection:
            changed = connection.execute(
                api_keys.update().where(api_keys.c.key_id == key_id).values(revoked_at_us=now_us)
            ).rowcount
        if not changed:
            raise NotFound(f"there is no key {key_id!r}; `retour keys list` shows them")

    def caller(self, key: str | None) -> Caller:
        """The caller behind a key. Raises `NotAuthenticated`, `KeyNotValid`."""
        if not key:
            raise NotAuthenticated(
                "send `Authorization: Bearer rk_…`; `retour keys create --role …` makes a key"
            )
        with self._db.read() as connection:
            row = connection.execute(
                select(api_keys.c.key_id, api_keys.c.role).where(
                    api_keys.c.key_hash == _hash(key), api_keys.c.revoked_at_us.is_(None)
                )
            ).first()
        if row is None:
            raise KeyNotValid(
                "this API key is unknown or revoked; `retour keys create --role …` makes a new one"
            )
        return Caller(row.key_id, row.role)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
