"""A unit of work: state and events commit in one transaction, or neither does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from service.domain.events import Actor, Event, Origin, Payload
from service.domain.policy import Policy
from service.domain.risk import Risk
from service.platform import log
from service.platform.clock import Clock
from service.platform.db import Database
from service.platform.idempotency import Attempt
from service.platform.identity import Identity
from service.platform.ids import Ids
from service.platform.proof import Proofs
from service.platform.telemetry import current_request

SOURCE = "retour/service"


@dataclass(slots=True)
class Transaction:
    """An open transaction: its connection for state, `emit` for what happened, one moment for all of it."""

    connection: Connection
    context: "Context"
    now: datetime
    drafts: list[Event] = field(default_factory=list)
    brings_ids: bool = False

    def emit(
        self,
        subject: str,
        data: Payload,
        actor: Actor,
        *,
        time: datetime | None = None,
        causation_id: str | None = None,
    ) -> str:
        """Note that something happened, now unless `time` says when; it is appended as the transaction's last step.

        Returns the event's id, so that what follows from it can name it as its cause. All events of one request
        have its id as `correlation_id`.
        """
        event = Event(
            id=self.context.ids.event_id(self.now),
            source=SOURCE,
            subject=subject,
            time=time or self.now,
            data=data,
            actor=actor,
            origin=self.context.origin,
            correlation_id=current_request(),
            causation_id=causation_id,
        )
        self.drafts.append(event)
        return event.id

    def add(self, event: Event) -> None:
        """Note an event that brings its own id, time and origin."""
        self.brings_ids = True
        self.drafts.append(event)


@dataclass(frozen=True, slots=True)
class Context:
    """What every command needs, handed in at one place."""

    db: Database
    policy: Policy
    risk: Risk
    clock: Clock
    ids: Ids
    identity: Identity
    proofs: Proofs
    origin: Origin
    zone: ZoneInfo

    @contextmanager
    def transaction(
        self, attempt: Attempt | None = None, subject: str = ""
    ) -> Iterator[Transaction]:
        """One command: its writes and its events commit together at the end.

        An `attempt` is noted first, as the one that makes `subject`: its repetitions wait here, then end.
        Raises `Repeated`, `IdempotencyKeyReused`.
        """
        with self.db.write() as connection:
            transaction = Transaction(connection, self, self.clock.now())
            if attempt:
                attempt.begin(connection, subject, transaction.now)
            yield transaction
            log.append(
                connection,
                transaction.drafts,
                self.clock.now(),
                may_be_known=transaction.brings_ids,
            )
