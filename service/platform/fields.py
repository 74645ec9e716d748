"""Field types of requests: what the databases can hold and the payload models accept, said at the border."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from service.domain.events import MOST_MINOR

# Control characters are refused: PostgreSQL cannot hold NUL, and no identifier needs the others.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_ASCII = r"^[\x20-\x7e]*$"
_CURRENCY = r"^[A-Z]{3}$"
_COUNTRY = r"^[A-Z]{2}$"
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)

# What a text must be that does not match: patterns are for programs.
PATTERNS = {
    _PRINTABLE: "must not hold control characters, such as tabs or line breaks",
    _ASCII: "must be printable ASCII characters, such as those of a UUID",
    _CURRENCY: "must be three capital letters of ISO 4217, such as EUR or CNY",
    _COUNTRY: "must be two capital letters of ISO 3166, such as DE or CN",
}

Ref = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
IdempotencyKey = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_ASCII)]
CurrencyCode = Annotated[
    str,
    StringConstraints(pattern=_CURRENCY),
    Field(description="ISO 4217, such as EUR or CNY", examples=["EUR"]),
]
CountryCode = Annotated[
    str,
    StringConstraints(pattern=_COUNTRY),
    Field(description="ISO 3166 alpha-2: where the order goes", examples=["DE"]),
]
OrderId = Annotated[
    Ref, Field(description="the shop's own number of the order", examples=["A-1001"])
]
DeliveryId = Annotated[
    Ref,
    Field(
        description="the shop's own number of the parcel, unique within its order", examples=["1"]
    ),
]
Sku = Annotated[Ref, Field(description="the shop's own number of the product", examples=["MUG-01"])]
Rma = Annotated[
    Ref,
    Field(
        description="the number of the return; small letters and missing dashes do not matter",
        examples=["R7K3M9-QX2VB-W"],
    ),
]
Customer = Annotated[
    Ref,
    Field(
        description="the shop's own reference of the customer; only a random token of it is kept",
        examples=["customer-4711"],
    ),
]
LineNo = Annotated[
    int,
    Field(
        ge=1,
        le=100_000,
        strict=True,
        description="the number of the order's line, unique within its order",
        examples=[1],
    ),
]
Units = Annotated[
    int, Field(ge=1, le=1_000_000_000, strict=True, description="whole units", examples=[2])
]
MinorAmount = Annotated[
    int,
    Field(
        ge=0,
        le=MOST_MINOR,
        strict=True,
        description="in minor units of the currency: cents, fen",
        examples=[1290],
    ),
]


def _within_the_calendar(moment: datetime) -> datetime:
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError(f"must lie between {_EARLIEST:%Y-%m-%d} and {_LATEST:%Y-%m-%d} UTC")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_within_the_calendar)]


class Body(BaseModel):
    """What a caller sends: closed, so that a mistyped field is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
