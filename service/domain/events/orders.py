"""What the shop tells: orders, deliveries, products."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from service.domain.events.base import (
    MOST_MINOR,
    Currency,
    Key,
    LineNo,
    Minor,
    Part,
    Payload,
    Quantity,
)
from service.domain.words import Exclusion


class OrderLine(Part):
    """Units of one SKU. `discount_minor` is off the whole line; `exclusion` was confirmed with this purchase."""

    line_no: LineNo
    sku: Key
    quantity: Quantity
    unit_price_minor: Minor
    discount_minor: Minor = 0
    exclusion: Exclusion | None = None

    @model_validator(mode="after")
    def _has_a_countable_value(self) -> Self:
        if self.quantity * self.unit_price_minor > MOST_MINOR:
            raise ValueError(f"quantity times unit_price_minor is more than {MOST_MINOR}")
        return self

    @model_validator(mode="after")
    def _costs_nothing_at_least(self) -> Self:
        if self.net_minor < 0:
            raise ValueError("discount_minor is more than quantity times unit_price_minor")
        return self

    @property
    def net_minor(self) -> int:
        """What the line costs after its own discount."""
        return self.quantity * self.unit_price_minor - self.discount_minor


class OrderPlaced(Payload):
    """A customer bought something. `discount_minor` is off the order as a whole. Subject: the order."""

    type = "order.placed"
    family = "order"

    order_id: Key
    customer_key: Key | None
    currency: Currency
    country: str | None
    lines: Annotated[list[OrderLine], Field(min_length=1)]
    discount_minor: Minor = 0
    shipping_minor: Minor = 0

    @model_validator(mode="after")
    def _costs_nothing_at_least(self) -> Self:
        if self.discount_minor > sum(line.net_minor for line in self.lines):
            raise ValueError("discount_minor is more than the lines cost")
        return self


class DeliveredLine(Part):
    line_no: LineNo
    quantity: Quantity


class OrderDelivered(Payload):
    """A parcel of an order reached its customer. Subject: the order."""

    type = "order.delivered"
    family = "order"

    order_id: Key
    delivery_id: Key
    lines: Annotated[list[DeliveredLine], Field(min_length=1)]


class ProductUpserted(Payload):
    """The shop told us about a product, or told us anew. Subject: the SKU.

    Variants (sizes, colours) that share a listing and a size chart name the same `parent`.
    """

    type = "product.upserted"
    family = "product"

    sku: Key
    title: str
    category: str | None = None
    vendor: str | None = None
    cost_minor: Minor | None = None
    price_minor: Minor | None = None
    currency: Currency | None = None
    lot: str | None = None
    parent: Key | None = None
