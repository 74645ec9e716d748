"""A customer is erased: what leads from the shop's reference to anything is deleted, for good.

Orders, returns and events stay, under a random token that nobody can link any more. With the customer's own look-up go
those of the addresses, devices, phones and payments that their orders came by, where another customer shares one too:
else it would still lead to the events of the one who is erased. The other one gets a new token of it with the next
order that tells of it, and stays linked to the old one until erased as well. The numbers of the parcels by which goods
came back go too, for a carrier knows who sent them, and letters that were written to files: their names follow from the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Select, delete, or_, select, update

from service.cases.repository import case_messages, cases
from service.customers import repository as customers
from service.domain.events import MessageSent
from service.letters.post import MAIL
from service.orders.repository import orders
from service.platform import log, texts
from service.platform.idempotency import idempotency_keys
from service.platform.jobs import jobs
from service.platform.problems import NotFound
from service.platform.unit import Context
from service.receiving.repository import parcels
from service.returns.repository import returns
from service.shipments.repository import shipments


class UnknownCustomer(NotFound):
    title = "No such customer"

    def __init__(self) -> None:
        super().__init__(
            "nobody is known by this reference, so nothing was deleted; write it as the shop does "
            "in its orders (whoever was erased is no longer known)"
        )


class SentLetters(Protocol):
    """Where letters stay after they were sent."""

    def forget(self, job_ids: Sequence[str]) -> int:
        """Delete the letters of these jobs; how many there were. Raises `MailDelayed` where that is impossible now."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of each kind were deleted, tracking numbers blanked, and letters deleted."""

    look_ups: int
    links: int
    contacts: int
    texts: int
    idempotency_keys: int
    tracking_numbers: int
    letters: int


class Erasure:
    """Erases customers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def erase(self, reference: str, sent: SentLetters | None = None) -> Erased:
        """Delete what links a customer, named as the shop does, to any row or letter. Raises `UnknownCustomer`.

        `sent`: where the letters are that did not leave this machine. If one cannot be deleted, nothing is (`MailDelayed`).
        """
        with self._context.transaction() as transaction:
            connection = transaction.connection
            customer_key = self._context.identity.forget(connection, reference)
            if customer_key is None:
                raise UnknownCustomer
            tokens = customers.erase_links(connection, customer_key)
            # The contact goes before letters are looked for: see `keep_reachable`.
            erased = Erased(
                look_ups=1 + self._context.identity.forget_tokens(connection, tokens),
                links=len(tokens),
                contacts=customers.erase_contact(connection, customer_key),
                texts=texts.erase_of(connection, customer_key),
                idempotency_keys=_erase_attempts(connection, customer_key),
                tracking_numbers=_blank_tracking(connection, customer_key),
                letters=sent.forget(_letters(connection, customer_key)) if sent else 0,
            )
        self._context.db.scrub()
        return erased


def _erase_attempts(connection: Connection, customer_key: str) -> int:
    """Their fingerprints name the customer's requests to whoever has the key, and apps choose keys as they like."""
    made = idempotency_keys.c.subject
    of_theirs = _cases(customer_key)
    of_customer = or_(
        made.in_(select(orders.c.order_id).where(orders.c.customer_key == customer_key)),
        made.in_(_returns(customer_key)),
        made.in_(of_theirs),
        made.in_(select(case_messages.c.message_id).where(case_messages.c.case_id.in_(of_theirs))),
    )
    return connection.execute(delete(idempotency_keys).where(of_customer)).rowcount


def _blank_tracking(connection: Connection, customer_key: str) -> int:
    """On the way back and on the dock, also of a parcel that nobody knew the return of."""
    theirs = shipments.c.rma.in_(_returns(customer_key))
    told = select(shipments.c.tracking).where(theirs)
    arrived = or_(parcels.c.rma.in_(_returns(customer_key)), parcels.c.tracking.in_(told))
    blanked = 0
    for table, where in ((parcels, arrived), (shipments, theirs)):
        is_there = table.c.tracking.is_not(None)
        blank = update(table).where(where, is_there).values(tracking=None)
        blanked += connection.execute(blank).rowcount
    return blanked


def _letters(connection: Connection, customer_key: str) -> list[str]:
    """The jobs of the letters that were sent, or that are just being sent."""
    about = [
        *connection.execute(_returns(customer_key)).scalars(),
        *connection.execute(_cases(customer_key)).scalars(),
    ]
    noted = [
        MessageSent.model_validate_json(event.data).message_id
        for subject in about
        for event in log.read_subject(connection, subject)
        if event.type == MessageSent.type
    ]
    waiting = select(jobs.c.job_id).where(jobs.c.kind == MAIL, jobs.c.subject.in_(about))
    return [*noted, *connection.execute(waiting).scalars()]


def _returns(customer_key: str) -> Select[tuple[str]]:
    return select(returns.c.rma).where(returns.c.customer_key == customer_key)


def _cases(customer_key: str) -> Select[tuple[str]]:
    """Cases that name the customer, and those of their returns: staff write to them there as well."""
    theirs = or_(cases.c.customer_key == customer_key, cases.c.rma.in_(_returns(customer_key)))
    return select(cases.c.case_id).where(theirs)
