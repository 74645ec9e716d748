"""A request that may be sent twice is carried out once: the `Idempotency-Key` that a caller gives it.

The key is kept with what it made, in the transaction that made it. Another request with the same key waits
for that transaction, then gets what it made.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    delete,
    select,
    update,
)

from service.domain.words import Phrase
from service.platform.clock import to_us
from service.platform.db import insert_unless_known, metadata
from service.platform.problems import Conflict

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at_us", BigInteger, nullable=False, server_default="0"),
)


class IdempotencyKeyReused(Conflict):
    title = "This Idempotency-Key stands for another request"


class Repeated(Exception):
    """The attempt was carried out before: no fault, the answer is what it made."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


def forget(connection: Connection, before_us: int) -> None:
    """Forget keys of before a moment: a request is not repeated for ever."""
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at_us < before_us))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a caller, under the key that its repetitions carry too.

    `fingerprint` tells it from other requests; it is keyed, for a body names a person.
    """

    caller: str
    key: str
    fingerprint: str

    def begin(self, connection: Connection, subject: str, now: datetime) -> None:
        """Note that the attempt makes `subject`. Raises `Repeated`, `IdempotencyKeyReused`."""
        row = {
            "caller": self.caller,
            "key": self.key,
            "fingerprint": self.fingerprint,
            "subject": subject,
            "created_at_us": to_us(now),
        }
        if insert_unless_known(connection, idempotency_keys, row):
            return
        known = connection.execute(select(idempotency_keys).where(self._is_mine)).one()
        if known.fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(
                Phrase(
                    "Idempotency-Key {key} came with another request before; "
                    "send that request again, or give this one a key of its own",
                    {"key": repr(self.key)},
                )
            )
        raise Repeated(known.subject)

    def stand_for(self, connection: Connection, subject: str) -> None:
        """The attempt, begun just now, made nothing of its own: its repetitions get what another one made."""
        connection.execute(update(idempotency_keys).where(self._is_mine).values(subject=subject))

    @property
    def _is_mine(self) -> ColumnElement[bool]:
        return (idempotency_keys.c.caller == self.caller) & (idempotency_keys.c.key == self.key)
