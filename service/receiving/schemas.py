"""What the dock tells: parcels, what was found in them, where the goods went."""

from typing import Annotated

from pydantic import ConfigDict, Field

from service.domain.events import InspectionDepth, Outcome
from service.domain.words import Disposition, Grade
from service.platform.fields import Body, LineNo, Moment, Prose, Ref, Sku, SomeLines, Units, Version


class UnitsBody(Body):
    """Units of one line of the return."""

    line_no: Annotated[LineNo, Field(description="the number of the return's line")]
    quantity: Units


class ParcelBody(Body):
    """A parcel on the dock. Without a number that leads to a return it is kept as unknown, and somebody looks for its owner."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"rma": "R7K3M9-QX2VB-W", "weight_grams": 640}}
    )

    rma: Annotated[
        Ref | None, Field(description="the number on the parcel or in it, as far as readable")
    ] = None
    tracking: Annotated[Ref | None, Field(description="the carrier's number on the label")] = None
    weight_grams: Annotated[
        int | None, Field(ge=0, le=10_000_000, strict=True, description="as weighed")
    ] = None
    lines: Annotated[
        list[UnitsBody] | None,
        Field(
            min_length=1,
            max_length=1000,
            description="what is in it, where the dock counts; if left out everything expected, and only where nothing "
            "of the return is expected, what was cancelled, expired, was declined or is given up for lost",
        ),
    ] = None
    received_at: Annotated[
        Moment | None,
        Field(
            description="when it came; now if left out, and for the return what is before its application counts as the "
            "moment of that"
        ),
    ] = None


class ParcelTaken(Body):
    """The parcel is recorded."""

    parcel_id: Annotated[str, Field(description="its number here")]
    rma: Annotated[str | None, Field(description="whose it is; null where nobody knows yet")]


class MatchBody(Body):
    """Whose parcel it is, found out later."""

    rma: Annotated[Ref, Field(description="the return that it belongs to")]
    lines: Annotated[
        list[UnitsBody] | None,
        Field(
            min_length=1,
            max_length=1000,
            description="what is in it; if left out as with POST /v1/parcels",
        ),
    ] = None


class FindingBody(Body):
    """What some units of a line turned out to be."""

    outcome: Annotated[
        Outcome,
        Field(
            description="short: not in the parcel; empty: an empty box; unexpected: on a line that nobody declared"
        ),
    ]
    quantity: Units
    grade: Annotated[
        Grade | None, Field(description="A like new to D worthless; needed for passed and failed")
    ] = None
    sku: Annotated[Sku | None, Field(description="what it is instead, for wrong_item")] = None


class UnexpectedBody(Body):
    """Something in the parcel that the return does not tell of."""

    sku: Sku
    quantity: Units
    grade: Annotated[Grade | None, Field(description="A like new to D worthless")] = None


class InspectionBody(Body):
    """What was found of one line: every unit of it once, whatever became of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "line_no": 1,
                "depth": "basic",
                "findings": [
                    {"outcome": "passed", "quantity": 2, "grade": "A"},
                    {"outcome": "failed", "quantity": 1, "grade": "C"},
                ],
            }
        }
    )

    line_no: Annotated[LineNo | None, Field(description="the line; none for unexpected items")] = (
        None
    )
    depth: Annotated[InspectionDepth, Field(description="how closely it was looked at")] = "basic"
    findings: Annotated[
        list[FindingBody],
        Field(default_factory=list, max_length=100, description="every unit of the line once"),
    ]
    unexpected: Annotated[
        list[UnexpectedBody],
        Field(default_factory=list, max_length=100, description="what else was in the parcel"),
    ]
    note: Annotated[
        Prose | None,
        Field(
            description="for colleagues: kept in the erasable store, read with the return's texts"
        ),
    ] = None
    version: Version | None = None


class PlaceBody(Body):
    """Where units go, where no grade says so."""

    disposition: Annotated[Disposition, Field(description="where the goods go")]
    version: Version | None = None


class SentBackBody(Body):
    """Which lines went back to the customer; all that should if left out."""

    lines: SomeLines | None = None
    version: Version | None = None
