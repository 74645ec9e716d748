"""What links a customer's orders to those of others. Subject: the customer's key."""

from service.domain.events.base import Key, Payload


class CustomerIdentified(Payload):
    """An order of a customer came by these, at least one of them for the first time. Random tokens; null: not told."""

    type = "customer.identified"
    family = "customer"

    customer_key: Key
    order_id: Key
    address_key: Key | None = None
    device_key: Key | None = None
    phone_key: Key | None = None
    payment_key: Key | None = None
