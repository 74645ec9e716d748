"""Goods on their way back. Subject of each: the RMA. Carriers' names and tracking numbers are written by people: they stay out of the log."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.events.base import Day, DueUs, Key, Payload, UnitsOfLine
from service.domain.words import Method


class ShipmentCreated(Payload):
    """The customer said how the goods come back."""

    type = "shipment.created"
    family = "shipment"

    rma: Key
    shipment_id: Key
    method: Method
    has_tracking: bool
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
    due_at_us: DueUs | None = None


class PickupBooked(Payload):
    """A courier comes on this day."""

    type = "pickup.booked"
    family = "shipment"

    rma: Key
    shipment_id: Key
    day: Day


class PickupFailed(Payload):
    """The courier could not take the goods."""

    type = "pickup.failed"
    family = "shipment"

    rma: Key
    shipment_id: Key
    reason: Literal["nobody_there", "not_ready", "courier_missed", "refused"]
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
    due_at_us: DueUs | None = None


class ShipmentScanned(Payload):
    """The carrier had the parcel in hand (`picked_up`), or says that it reached the warehouse (`delivered`).

    It names the lines that it moves: none where it is told when the goods were seen further on already.
    """

    type = "shipment.scanned"
    family = "shipment"

    rma: Key
    shipment_id: Key | None
    scan: Literal["picked_up", "in_transit", "delivered"]
    lines: list[UnitsOfLine]
    due_at_us: DueUs | None = None


class ShipmentLost(Payload):
    """Goods that the carrier had did not arrive in time."""

    type = "shipment.lost"
    family = "shipment"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
    due_at_us: DueUs | None = None


class LossAccepted(Payload):
    """The search for lost goods was given up: the shop bears the loss."""

    type = "shipment.loss_accepted"
    family = "shipment"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]


class ShipmentOverdue(Payload):
    """Goods that were refunded already never came."""

    type = "shipment.overdue"
    family = "shipment"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
