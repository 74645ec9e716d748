"""What a customer's orders came by, so that accounts still link that share an address, a device, a phone or a payment means."""

from collections.abc import Mapping
from datetime import datetime

from service.customers import repository
from service.domain.events import Actor, CustomerIdentified
from service.platform.clock import to_us
from service.platform.identity import Kind
from service.platform.unit import Transaction


def note_links(
    transaction: Transaction,
    order_id: str,
    tokens: Mapping[Kind, str],
    by: Actor,
    seen_at: datetime,
) -> None:
    """Link an order's customer to what else it told of; what is linked stays so. Makes an event where a link is new.

    Of a customer who is erased at the same moment nothing is noted, and what was told is erased too.
    """
    customer_key = tokens["customer"]
    links: dict[Kind, str] = {kind: token for kind, token in tokens.items() if kind != "customer"}
    if not links:
        return
    identity = transaction.context.identity
    if not identity.leads_to_somebody(transaction.connection, customer_key):
        identity.forget_tokens(transaction.connection, links.values())
        return
    seen_at_us = to_us(seen_at)
    if repository.link(transaction.connection, customer_key, links, order_id, seen_at_us):
        keys = {f"{kind}_key": token for kind, token in links.items()}
        said = CustomerIdentified(customer_key=customer_key, order_id=order_id, **keys)
        transaction.emit(customer_key, said, by, time=seen_at)
