"""A customer is erased: what leads from the shop's reference to anything is deleted, for good.

Orders, returns and events stay, under a random token that nobody can link any more. With the customer's own look-up go
those of the addresses, devices, phones and payments that their orders came by, where another customer shares one too:
else it would still lead to the events of the one who is erased. The other one gets a new token of it with the next
order that tells of it, and stays linked to the old one until erased as well.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select

from service.cases.repository import case_messages, cases
from service.customers import repository as customers
from service.orders.repository import orders
from service.platform import texts
from service.platform.idempotency import idempotency_keys
from service.platform.problems import NotFound
from service.platform.unit import Context
from service.returns.repository import returns


class UnknownCustomer(NotFound):
    title = "No such customer"

    def __init__(self) -> None:
        super().__init__(
            "nobody is known by this reference, so nothing was deleted; write it as the shop does "
            "in its orders (whoever was erased is no longer known)"
        )


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of each kind were deleted."""

    look_ups: int
    links: int
    contacts: int
    texts: int
    idempotency_keys: int


class Erasure:
    """Erases customers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def erase(self, reference: str) -> Erased:
        """Delete what links a customer, named as the shop does, to any row. Raises `UnknownCustomer`."""
        with self._context.transaction() as transaction:
            connection = transaction.connection
            customer_key = self._context.identity.forget(connection, reference)
            if customer_key is None:
                raise UnknownCustomer
            tokens = customers.erase_links(connection, customer_key)
            erased = Erased(
                look_ups=1 + self._context.identity.forget_tokens(connection, tokens),
                links=len(tokens),
                contacts=customers.erase_contact(connection, customer_key),
                texts=texts.erase_of(connection, customer_key),
                idempotency_keys=_erase_attempts(connection, customer_key),
            )
        self._context.db.scrub()
        return erased


def _erase_attempts(connection: Connection, customer_key: str) -> int:
    """Their fingerprints name the customer's requests to whoever has the key, and apps choose keys as they like."""
    made = idempotency_keys.c.subject
    of_theirs = select(cases.c.case_id).where(cases.c.customer_key == customer_key)
    of_customer = or_(
        made.in_(select(orders.c.order_id).where(orders.c.customer_key == customer_key)),
        made.in_(select(returns.c.rma).where(returns.c.customer_key == customer_key)),
        made.in_(of_theirs),
        made.in_(select(case_messages.c.message_id).where(case_messages.c.case_id.in_(of_theirs))),
    )
    return connection.execute(delete(idempotency_keys).where(of_customer)).rowcount
