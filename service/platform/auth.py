"""API keys: one per system or member of staff, with a role, and what each role may do.

They are kept as a hash only. A key is 256 random bits, so SHA-256 is enough.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import BigInteger, Column, Connection, Table, Text, bindparam, select

from service.platform.clock import Clock, from_us, to_us
from service.platform.db import Database, metadata
from service.platform.ids import Ids
from service.platform.problems import KeyNotValid, NotAllowed, NotAuthenticated, NotFound

StaffRole = Literal["reviewer", "inspector", "finance", "after_sales", "buyer", "admin"]
KeyRole = Literal[StaffRole, "shop", "storefront", "carrier"]
Scope = Literal[
    "orders:write",  # tell of orders and deliveries
    "products:write",  # tell of products
    "returns:write",  # apply, cancel, choose, send evidence: for a customer
    "returns:read",  # see any return
    "returns:own",  # see what the customer's proof is for
    "reviews:decide",
    "receiving:write",  # what the dock takes in, inspects and puts away
    "stock:write",  # tell what lies in stock
    "refunds:write",
    "cases:write",
    "cases:read",
    "surveys:read",
    "flags:read",  # products that come back too often
    "flags:write",
    "flags:comments",  # what customers wrote of such a product; each reading is noted
    "shipments:write",  # the carrier's facts
    "staff:write",
    "texts:read",  # what customers wrote; each reading is noted
]

# The least that each needs for its work. A test holds the whole table.
SCOPES: dict[KeyRole, frozenset[Scope]] = {
    "shop": frozenset({"orders:write", "products:write", "stock:write", "flags:read"}),
    "storefront": frozenset({"returns:write", "returns:own"}),
    "carrier": frozenset({"shipments:write"}),
    "reviewer": frozenset({"returns:read", "reviews:decide", "cases:read", "texts:read"}),
    "inspector": frozenset({"returns:read", "receiving:write", "stock:write"}),
    "finance": frozenset({"returns:read", "refunds:write", "cases:read", "cases:write"}),
    "after_sales": frozenset(
        {"returns:read", "returns:write", "cases:read", "cases:write", "surveys:read", "texts:read"}
    ),
    "buyer": frozenset({"surveys:read", "flags:read", "flags:write", "flags:comments"}),
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
    Column("staff_id", Text),
)

_IN_FORCE = select(api_keys.c.key_id, api_keys.c.role, api_keys.c.staff_id).where(
    api_keys.c.key_hash == bindparam("key_hash"), api_keys.c.revoked_at_us.is_(None)
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the id of the key, its role and, where it is a person's, the member of staff."""

    key_id: str
    role: KeyRole
    staff_id: str | None = None

    def may(self, *scopes: Scope) -> bool:
        """Whether the role has one of these scopes."""
        return not SCOPES[self.role].isdisjoint(scopes)

    def require(self, *scopes: Scope) -> None:
        """Raises `NotAllowed` where the role has none of these scopes."""
        if not self.may(*scopes):
            able = [role for role, has in SCOPES.items() if not has.isdisjoint(scopes)]
            raise NotAllowed(
                f"a key of role {self.role} has no scope {' or '.join(scopes)}; "
                f"use one of role {' or '.join(able)} (`retour keys create --role …`)"
            )


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """What may be shown of a key."""

    key_id: str
    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None
    staff_id: str | None


def insert_key(
    connection: Connection,
    key_id: str,
    role: KeyRole,
    name: str,
    now: datetime,
    staff_id: str | None = None,
) -> str:
    """A new key, of a member of staff where one is named. It is returned once and kept nowhere."""
    key = f"rk_{secrets.token_urlsafe(32)}"
    row = {
        "key_id": key_id,
        "name": name,
        "role": role,
        "key_hash": _hash(key),
        "created_at_us": to_us(now),
        "staff_id": staff_id,
    }
    connection.execute(api_keys.insert(), row)
    return key


def revoke_keys_of(
    connection: Connection, staff_id: str, keep: StaffRole | None, now: datetime
) -> None:
    """From now on a member's keys are refused, those of the role to `keep` aside."""
    theirs = (api_keys.c.staff_id == staff_id) & api_keys.c.revoked_at_us.is_(None)
    beyond = theirs if keep is None else theirs & (api_keys.c.role != keep)
    connection.execute(api_keys.update().where(beyond).values(revoked_at_us=to_us(now)))


class Keys:
    """Makes, lists, revokes and recognises keys."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db, self._clock, self._ids = db, clock, ids

    def create(self, role: KeyRole, name: str) -> str:
        """A new key of a system. It is returned once and kept nowhere."""
        with self._db.write() as connection:
            return insert_key(connection, self._ids.token("key"), role, name, self._clock.now())

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
                row.staff_id,
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
            row = connection.execute(_IN_FORCE, {"key_hash": _hash(key)}).first()
        if row is None:
            raise KeyNotValid(
                "this API key is unknown or revoked; `retour keys create --role …` makes a new one"
            )
        return Caller(row.key_id, row.role, row.staff_id)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
