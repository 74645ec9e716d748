"""Field types of requests: what the databases can hold and the payload models accept, said at the border."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from service.domain.events import MOST_MINOR

# Control characters are refused: PostgreSQL cannot hold NUL, and no identifier needs the others.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_CURRENCY, _COUNTRY = r"^[A-Z]{3}$", r"^[A-Z]{2}$"
PATTERNS = {
    _PRINTABLE: "must not hold control characters",
    _CURRENCY: "must be three capital letters, such as EUR",
    _COUNTRY: "must be two capital letters, such as DE",
}
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)  # later ones have no name in some zones

Ref = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PRINTABLE)]
CurrencyCode = Annotated[
    str, StringConstraints(pattern=_CURRENCY), Field(description="ISO 4217, such as EUR or CNY")
]
CountryCode = Annotated[
    str, StringConstraints(pattern=_COUNTRY), Field(description="ISO 3166 alpha-2")
]
LineNo = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Units = Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)]
MinorAmount = Annotated[
    int, Field(ge=0, le=MOST_MINOR, strict=True, description="in minor units: cents, fen")
]


def _within_the_calendar(moment: datetime) -> datetime:
    if moment < _EARLIEST:
        raise ValueError(f"must not be before {_EARLIEST:%Y-%m-%d}")
    if moment >= _LATEST:
        raise ValueError(f"must be before {_LATEST:%Y-%m-%d}")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_within_the_calendar)]


class Body(BaseModel):
    """What a caller sends: closed, so that a mistyped field is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
