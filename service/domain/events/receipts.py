"""At the dock and after it: parcels, inspections, what becomes of the goods, stock."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.events.base import (
    DueUs,
    InspectionDepth,
    Key,
    LineNo,
    Minor,
    MomentUs,
    Part,
    Payload,
    Quantity,
    UnitsOfLine,
)
from service.domain.words import Choice, Disposition, Grade

Outcome = Literal["passed", "failed", "short", "wrong_item", "empty", "unexpected"]


class ParcelReceived(Payload):
    """A parcel lies on the dock; without an RMA when nobody knows whose it is. Subject: the RMA or the parcel."""

    type = "parcel.received"
    family = "receipt"

    parcel_id: Key
    rma: Key | None
    weight_grams: Annotated[int, Field(ge=0)] | None


class LineInspected(Payload):
    """The condition of returned units. Subject: the RMA. `sku` where it is not the line's own; a note is in the erasable store."""

    type = "line.inspected"
    family = "receipt"

    rma: Key
    line_no: LineNo
    quantity: Quantity
    outcome: Outcome
    grade: Grade | None
    inspection_depth: InspectionDepth | None
    sku: Key | None = None
    text_ref: Key | None = None


class InspectionWaived(Payload):
    """Nobody inspected in time: the goods are taken as they are. Subject: the RMA."""

    type = "inspection.waived"
    family = "receipt"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]


class LineDispositioned(Payload):
    """Where units go. Subject: the RMA."""

    type = "line.dispositioned"
    family = "receipt"

    rma: Key
    line_no: LineNo
    sku: Key
    quantity: Quantity
    disposition: Disposition


class InventoryAdjusted(Payload):
    """Units came to a place of the stock, or left it. Subject: the SKU."""

    type = "inventory.adjusted"
    family = "receipt"

    sku: Key
    place: Disposition
    change: int
    units_left: Annotated[int, Field(ge=0)]
    cause: Key
    rma: Key | None
    line_no: LineNo | None


class Option(Part):
    choice: Choice


class ChoiceRequested(Payload):
    """The goods stay the customer's until they choose what becomes of them. Subject: the RMA."""

    type = "choice.requested"
    family = "receipt"

    rma: Key
    line_no: LineNo
    options: list[Option]
    default_choice: Choice
    offer_minor: Minor
    due_at_us: MomentUs


class ChoiceMade(Payload):
    """What the customer chose, or what happens since they did not. Subject: the RMA."""

    type = "choice.made"
    family = "receipt"

    rma: Key
    line_no: LineNo
    choice: Choice
    is_default: bool
    due_at_us: DueUs | None = None


class GoodsSentBack(Payload):
    """The goods are on their way to the customer again. Subject: the RMA."""

    type = "goods.sent_back"
    family = "receipt"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
