"""What the shop tells about orders and their deliveries."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from service.domain.events import MOST_MINOR
from service.domain.words import Exclusion
from service.platform.fields import (
    Address,
    Body,
    CountryCode,
    CurrencyCode,
    Customer,
    DeliveryId,
    Device,
    Email,
    LanguageCode,
    LineNo,
    MinorAmount,
    Moment,
    OrderId,
    PaymentMeans,
    Phone,
    Sku,
    Units,
)
from service.platform.identity import Kind


class OrderLineBody(Body):
    """Units of one SKU at one price."""

    line_no: LineNo
    sku: Sku
    quantity: Units
    unit_price_minor: MinorAmount
    discount_minor: Annotated[
        MinorAmount, Field(description="off this line as a whole, in minor units of the currency")
    ] = 0
    exclusion: Annotated[
        Exclusion | None,
        Field(
            description="why it cannot be returned without a reason, as the customer confirmed with this purchase"
        ),
    ] = None

    @model_validator(mode="after")
    def _has_a_countable_value(self) -> Self:
        if self.quantity * self.unit_price_minor > MOST_MINOR:
            raise ValueError(
                f"quantity times unit_price_minor must be {MOST_MINOR:,} minor units or less"
            )
        return self

    @model_validator(mode="after")
    def _costs_nothing_at_least(self) -> Self:
        value_minor = self.quantity * self.unit_price_minor
        if self.discount_minor > value_minor:
            raise ValueError(
                f"discount_minor must be {value_minor:,} or less: quantity times unit_price_minor"
            )
        return self

    @property
    def net_minor(self) -> int:
        """What the line costs after its own discount."""
        return self.quantity * self.unit_price_minor - self.discount_minor


class IdentityBody(Body):
    """What an order came by; at least one. Accounts that share one of them are linked, so a text must always be written the same way.

    Only a random token of each is kept, and erasing the customer erases what leads to it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "minProperties": 1,
            "example": {
                "address": "12487 berlin, hauptstr. 1",
                "device": "d-5f0c1b7e",
                "phone": "+4930123456",
                "payment": "card-fp-9d8e7f",
            },
        }
    )

    address: Address | None = None
    device: Device | None = None
    phone: Phone | None = None
    payment: PaymentMeans | None = None

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if not self.told:
            raise ValueError("must tell at least one of address, device, phone and payment")
        return self

    @property
    def told(self) -> dict[Kind, str]:
        """What was told, by its kind."""
        named: dict[Kind, str | None] = {
            "address": self.address,
            "device": self.device,
            "phone": self.phone,
            "payment": self.payment,
        }
        return {kind: text for kind, text in named.items() if text is not None}


class OrderBody(Body):
    """An order as it was placed. `customer` is the shop's own reference; only a random token of it is kept.

    What it says of the customer (`email`, `language`) is no part of the order: the newest word counts. Nor is `identity`:
    what is told anew is added to what the customer is known by.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": "customer-4711",
                "currency": "EUR",
                "country": "DE",
                "placed_at": "2026-03-02T09:30:00Z",
                "lines": [{"line_no": 1, "sku": "MUG-01", "quantity": 2, "unit_price_minor": 1290}],
                "discount_minor": 500,
                "shipping_minor": 490,
                "email": "anna@example.com",
                "language": "en",
                "identity": {"address": "12487 berlin, hauptstr. 1", "device": "d-5f0c1b7e"},
            }
        }
    )

    customer: Customer
    currency: CurrencyCode
    country: CountryCode | None = None
    placed_at: Annotated[
        Moment | None, Field(description="when it was placed; now if left out")
    ] = None
    lines: Annotated[
        list[OrderLineBody],
        Field(min_length=1, max_length=1000, description="what was bought, each line_no once"),
    ]
    discount_minor: Annotated[
        MinorAmount,
        Field(
            description="coupons and discounts off the order as a whole, those of its lines aside"
        ),
    ] = 0
    shipping_minor: Annotated[
        MinorAmount, Field(description="what the customer paid for sending it out")
    ] = 0
    email: Email | None = None
    language: LanguageCode | None = None
    identity: Annotated[
        IdentityBody | None,
        Field(description="by which address, device, phone and payment means it came"),
    ] = None

    @property
    def references(self) -> dict[Kind, str]:
        """What the shop calls the customer, and what the order came by."""
        came_by = self.identity.told if self.identity else {}
        return {"customer": self.customer, **came_by}

    @model_validator(mode="after")
    def _numbers_each_line_once(self) -> Self:
        refuse_repeated([line.line_no for line in self.lines])
        return self

    @model_validator(mode="after")
    def _costs_nothing_at_least(self) -> Self:
        net_minor = sum(line.net_minor for line in self.lines)
        if self.discount_minor > net_minor:
            raise ValueError(f"discount_minor must be {net_minor:,} or less: what the lines cost")
        return self


class DeliveredLineBody(Body):
    """Units of one line of the order that are in this parcel."""

    line_no: LineNo
    quantity: Units


class DeliveryBody(Body):
    """A parcel that reached the customer, with the order lines in it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "delivered_at": "2026-03-05T14:10:00Z",
                "lines": [{"line_no": 1, "quantity": 2}],
            }
        }
    )

    delivered_at: Annotated[
        Moment | None, Field(description="when it was handed over; now if left out")
    ] = None
    lines: Annotated[
        list[DeliveredLineBody],
        Field(min_length=1, max_length=1000, description="what was in it, each line_no once"),
    ]

    @model_validator(mode="after")
    def _numbers_each_line_once(self) -> Self:
        refuse_repeated([line.line_no for line in self.lines])
        return self


class OrderTaken(Body):
    """The order is known. `is_new` says whether this request made it so."""

    order_id: OrderId
    is_new: Annotated[bool, Field(description="whether this request made it known")]


class DeliveryTaken(Body):
    """The delivery is known. `is_new` says whether this request made it so."""

    order_id: OrderId
    delivery_id: DeliveryId
    is_new: Annotated[bool, Field(description="whether this request made it known")]


def refuse_repeated(line_numbers: Sequence[int]) -> None:
    """Raises `ValidationError` at the first line whose number stands before it already."""
    for place, number in enumerate(line_numbers):
        if number in line_numbers[:place]:
            words = f"repeats {number} of lines[{line_numbers.index(number)}]; each line_no may stand once"
            error = InitErrorDetails(
                type=PydanticCustomError("repeated", "{words}", {"words": words}),
                loc=("lines", place, "line_no"),
                input=number,
            )
            raise ValidationError.from_exception_data("lines", [error])
