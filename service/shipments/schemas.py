"""How goods come back: what the customer says, and what the carrier tells."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from service.domain.words import Method
from service.platform.fields import Body, Day, Moment, Ref, Rma, SomeLines, Version


class ShipmentBody(Body):
    """The way that the customer chose; it may change until the carrier has the parcel."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"method": "drop_off", "carrier": "DHL", "tracking": "00340434161094"}
        }
    )

    method: Annotated[
        Method, Field(description="a courier comes, drop it off, or a carrier of their own")
    ]
    carrier: Annotated[Ref | None, Field(description="who carries it")] = None
    tracking: Annotated[Ref | None, Field(description="the carrier's number of the parcel")] = None
    pickup_day: Annotated[Day | None, Field(description="when the courier comes, for pickup")] = (
        None
    )
    lines: SomeLines | None = None
    version: Version | None = None


class ScanBody(Body):
    """What the carrier tells of the parcel.

    A scan that names no lines is of all that is expected; only where nothing of the return is expected, of what was
    cancelled, expired, was declined or is given up for lost.
    """

    scan: Annotated[
        Literal["picked_up", "in_transit", "delivered"],
        Field(description="in the carrier's hands, on its way, or handed to the warehouse"),
    ]
    scanned_at: Annotated[
        Moment | None,
        Field(
            description="when; now if left out, and what is before the application counts as the moment of that"
        ),
    ] = None
    lines: SomeLines | None = None


class PickupFailureBody(Body):
    """Why the courier came away without the goods."""

    reason: Annotated[
        Literal["nobody_there", "not_ready", "courier_missed", "refused"],
        Field(description="in one of these words"),
    ]


class LossBody(Body):
    """The search is given up."""

    version: Version | None = None


class ScanTaken(Body):
    """What the carrier told is recorded."""

    rma: Rma
