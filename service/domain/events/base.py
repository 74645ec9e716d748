"""What every payload is made of: strict, closed, unchangeable pieces, and the words that they share."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Role = Literal[
    "customer",
    "shop",
    "carrier",
    "reviewer",
    "inspector",
    "finance",
    "after_sales",
    "buyer",
    "admin",
    "system",
    "pipeline",
    "importer",
]
Key = Annotated[str, Field(min_length=1, max_length=200)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def _of_the_calendar(day: str) -> str:
    date.fromisoformat(day)
    return day


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_of_the_calendar)]
LineNo = Annotated[int, Field(ge=1)]
Quantity = Annotated[int, Field(ge=1, le=1_000_000_000)]
MOST_MINOR = 10**12  # of one amount: nine million such lines can be added up in 64 bits
Minor = Annotated[int, Field(ge=0, le=MOST_MINOR)]
TotalMinor = Annotated[int, Field(ge=0, le=10**18)]  # of what many amounts come to
Count = Annotated[int, Field(ge=0)]
YEAR_10000_US = 253_402_300_800_000_000  # from it on no calendar of ours goes
LAST_US = YEAR_10000_US - 1
MomentUs = Annotated[int, Field(ge=0, le=LAST_US, description="microseconds since 1970 UTC")]
WhileUs = Annotated[int, Field(ge=0, le=LAST_US)]
DueUs = Annotated[
    int,
    Field(
        ge=0,
        le=LAST_US,
        description="by when the step is due that is waited for from here on, the earliest of several lines', in "
        "microseconds since 1970 UTC; null where nothing is waited for, or no clock runs",
    ),
]
MOST_INPUTS = 10_000
Inputs = Annotated[
    int,
    Field(
        ge=0,
        le=MOST_INPUTS,
        description="how many inputs the customer gave: taps, choices, fields",
    ),
]
StartedUs = Annotated[
    int,
    Field(
        ge=0,
        le=LAST_US,
        description="when the customer began, in microseconds since 1970 UTC",
    ),
]
RefundOn = Literal["authorized", "first_scan", "received", "inspected"]
InspectionDepth = Literal["basic", "full"]


class Part(BaseModel):
    """A piece of a payload: strict, closed, unchangeable."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,  # JSON has neither: they would be written as null
    )


class Payload(Part):
    """What an event says. `type` names it, `family` is its folder in the lake."""

    type: ClassVar[str]
    family: ClassVar[str]
    schema_version: ClassVar[int] = 1


class UnitsOfLine(Part):
    """Units of one line of a return."""

    line_no: LineNo
    quantity: Quantity
