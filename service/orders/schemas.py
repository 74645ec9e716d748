"""What the shop tells about orders and their deliveries."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.domain.events import MOST_MINOR
from service.platform.fields import (
    Body,
    CountryCode,
    CurrencyCode,
    LineNo,
    MinorAmount,
    Moment,
    Ref,
    Units,
)


class OrderLineBody(Body):
    """Units of one SKU at one price."""

    line_no: LineNo
    sku: Ref
    quantity: Units
    unit_price_minor: MinorAmount

    @model_validator(mode="after")
    def _has_a_countable_value(self) -> Self:
        if self.quantity * self.unit_price_minor > MOST_MINOR:
            raise ValueError(
                "quantity times unit_price_minor is more than 10^12 minor units; check the price's unit"
            )
        return self


class OrderBody(Body):
    """An order as it was placed. `customer` is the shop's own reference; only a random token of it is kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": "customer-4711",
                "currency": "EUR",
                "country": "DE",
                "placed_at": "2026-03-02T09:30:00Z",
                "lines": [{"line_no": 1, "sku": "MUG-01", "quantity": 2, "unit_price_minor": 1290}],
            }
        }
    )

    customer: Ref
    currency: CurrencyCode
    country: CountryCode | None = None
    placed_at: Annotated[
        Moment | None, Field(description="when it was placed; now if left out")
    ] = None
    lines: Annotated[list[OrderLineBody], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _numbers_each_line_once(self) -> Self:
        refuse_repeated([line.line_no for line in self.lines], "line_no")
        return self


class DeliveredLineBody(Body):
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
    lines: Annotated[list[DeliveredLineBody], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _numbers_each_line_once(self) -> Self:
        refuse_repeated([line.line_no for line in self.lines], "line_no")
        return self


class OrderTaken(Body):
    """The order is known. `is_new` says whether this request made it so."""

    order_id: str
    is_new: bool


class DeliveryTaken(Body):
    """The delivery is known. `is_new` says whether this request made it so."""

    order_id: str
    delivery_id: str
    is_new: bool


def refuse_repeated(numbers: list[int], name: str) -> None:
    """Raises `ValueError` naming the numbers that stand there twice."""
    repeated = sorted({each for each in numbers if numbers.count(each) > 1})
    if repeated:
        raise ValueError(f"{name} {repeated[0]} stands there more than once; add its quantities up")
