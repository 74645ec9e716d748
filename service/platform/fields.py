"""Field types of requests: what the databases can hold and the payload models accept, said at the border."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from service.domain.events import MOST_MINOR
from service.domain.words import Language

# Control characters are refused: PostgreSQL cannot hold NUL, and no identifier needs the others.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_PROSE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"  # tabs and line breaks are fine in prose
_ASCII = r"^[\x20-\x7e]*$"
_CURRENCY = r"^[A-Z]{3}$"
_COUNTRY = r"^[A-Z]{2}$"
_EMAIL = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f.]+$"
_SHA256 = r"^[0-9a-f]{64}$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)

# What a text must be that does not match: patterns are for programs.
PATTERNS = {
    _PRINTABLE: "must not hold control characters, such as tabs or line breaks",
    _PROSE: "must not hold control characters other than tabs and line breaks",
    _ASCII: "must be printable ASCII characters, such as those of a UUID",
    _CURRENCY: "must be three capital letters of ISO 4217, such as EUR or CNY",
    _COUNTRY: "must be two capital letters of ISO 3166, such as DE or CN",
    _SHA256: "must be the SHA-256 of the mail address, trimmed and in small letters: 64 digits of 0-9 and a-f",
    _DAY: "must be a day of the calendar, such as 2026-03-02",
    _EMAIL: "must be one mail address, such as anna@example.com",
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
Address = Annotated[
    Words,
    Field(
        description="where the order goes: the shop's own reference of the address, or its text, written the same way "
        "each time",
        examples=["12487 berlin, hauptstr. 1"],
    ),
]
Device = Annotated[
    Words,
    Field(
        description="what the order was placed with: the shop's own reference of the browser or phone, such as that of a "
        "lasting cookie",
        examples=["d-5f0c1b7e"],
    ),
]
Phone = Annotated[
    Words,
    Field(
        description="the number that was given with the order, written the same way each time, such as E.164",
        examples=["+4930123456"],
    ),
]
PaymentMeans = Annotated[
    Words,
    Field(
        description="what the order was paid with: the payment system's reference of the card or account, which no other "
        "one has; never a card's number, nor a word for all cards",
        examples=["card-fp-9d8e7f"],
    ),
]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=_EMAIL),
    Field(
        description="where letters to the customer go; kept apart from orders and log, until erased",
        examples=["anna@example.com"],
    ),
]
MailSha256 = Annotated[
    str,
    StringConstraints(pattern=_SHA256),
    Field(description="SHA-256 of the mail address, trimmed and in small letters, as hexadecimal"),
]
Day = Annotated[str, StringConstraints(pattern=_DAY)]
CustomerTokenText = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=_ASCII)]
LanguageCode = Annotated[
    Language,
    Field(description="the language in which the customer is served", examples=["zh"]),
]


def _with_plain_breaks(text: object) -> object:
    """Forms of browsers and mail programs end lines as CR LF: kept is one break a line, whoever wrote it."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text


Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=_PROSE),
    BeforeValidator(_with_plain_breaks),
    Field(description="in own words; kept in the erasable store, never in the log"),
]
Version = Annotated[
    int,
    Field(
        ge=1,
        strict=True,
        description="the `version` of the return that was looked at; refused (409) if it changed since",
        examples=[3],
    ),
]
StaffId = Annotated[
    Ref,
    Field(
        description="a pseudonym of the member of staff: it stands in the log for good, so no name",
        examples=["s-07"],
    ),
]
TextRef = Annotated[
    Ref,
    Field(
        description="what events and cases name a text by",
        examples=["txt_2wd6q0m4v8x1c5z7b9n3k6j0hf"],
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


def _each_once(line_nos: list[int]) -> list[int]:
    """Units are not moved twice by one request."""
    if len(set(line_nos)) < len(line_nos):
        raise ValueError("must name each line once")
    return line_nos


SomeLines = Annotated[
    list[LineNo],
    AfterValidator(_each_once),
    Field(
        min_length=1,
        max_length=1000,
        description="which lines, each once; all that can if left out",
        examples=[[1]],
    ),
]
ParcelId = Annotated[
    Ref, Field(description="the parcel's number here", examples=["pcl_0r8dq3m5y7w1"])
]
RefundId = Annotated[
    Ref, Field(description="the refund's number here", examples=["rfd_0r8dq3m5y7w1"])
]
CaseId = Annotated[Ref, Field(description="the case's number here", examples=["case_0r8dq3m5y7w1"])]
Limit = Annotated[
    int, Field(ge=1, le=500, description="how many at most, those due first", examples=[100])
]
PathLineNo = Annotated[
    int, Field(ge=1, le=100_000, description="the number of the return's line", examples=[1])
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
