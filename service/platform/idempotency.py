"""A request that may be sent twice is carried out once: the `Idempotency-Key` that a caller gives it.

The key is kept with what it made, in the transaction that made it. Another request with the same key waits
for that transaction, then gets what it made.
"""

from dataclasses import dataclass

from sqlalchemy import Column, Connection, Table, Text, select

from service.platform.db import insert_unless_known, metadata
from service.platform.problems import Conflict

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("subject", Text, nullable=False),
)


class IdempotencyKeyReused(Conflict):
    title = "This Idempotency-Key stands for another request"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of a caller, under the key that its repetitions carry too."""

    caller: str
    key: str

    def made_before(self, connection: Connection, body_hash: str, subject: str) -> str | None:
        """What an earlier attempt made; None for the first, which is noted to make `subject`.

        `body_hash` is keyed, for a body names a person. Raises `IdempotencyKeyReused`.
        """
        row = {
            "caller": self.caller,
            "key": self.key,
            "body_hash": body_hash,
            "subject": subject,
        }
        if insert_unless_known(connection, idempotency_keys, row):
            return None
        known = connection.execute(
            select(idempotency_keys).where(
                idempotency_keys.c.caller == self.caller, idempotency_keys.c.key == self.key
            )
        ).one()
        if known.body_hash != body_hash:
            raise IdempotencyKeyReused(
                f"Idempotency-Key {self.key!r} came with another body before; "
                "send that body again, or give this request a key of its own"
            )
        return str(known.subject)
