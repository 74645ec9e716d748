"""Goods come back: the customer says how, the carrier tells where they are, a search ends."""

from collections.abc import Sequence
from datetime import date

from service.domain.events import (
    Actor,
    LossAccepted,
    PickupBooked,
    PickupFailed,
    ShipmentCreated,
    ShipmentScanned,
)
from service.domain.lifecycle import Line, always, could_have_come, is_told_late
from service.domain.words import Phrase
from service.orders.commands import happened_at
from service.platform.clock import from_us, to_us
from service.platform.idempotency import Attempt
from service.platform.problems import Unacceptable
from service.platform.unit import Context
from service.returns.consequences import follow
from service.returns.held import HeldReturn, hold, units
from service.shipments import repository
from service.shipments.schemas import LossBody, PickupFailureBody, ScanBody, ShipmentBody


class MethodNotOffered(Unacceptable):
    title = "The shop does not offer this way back"


class NoSuchDay(Unacceptable):
    title = "The courier cannot come on that day"


class Shipments:
    """Commands on the way back; each is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(
        self, rma: str, body: ShipmentBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """Say how the goods come. Raises `MethodNotOffered`, `NoSuchDay`, `NotPossibleNow`."""
        self._refuse_what_is_not_offered(body)
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            lines = _chosen(held, body.lines, ShipmentCreated.type, by)
            if body.pickup_day:
                _refuse_day_after_all_is_over(held, lines, body.pickup_day)
            shipment_id = self._context.ids.token("shp")
            repository.insert(
                transaction.connection,
                {
                    "shipment_id": shipment_id,
                    "rma": held.rma,
                    "method": body.method,
                    "carrier": body.carrier,
                    "tracking": body.tracking,
                    "pickup_day": body.pickup_day,
                    "created_at_us": to_us(held.now),
                },
            )
            said = ShipmentCreated(
                rma=held.rma,
                shipment_id=shipment_id,
                method=body.method,
                has_tracking=body.tracking is not None,
                lines=units(lines),
            )
            # Choosing another way does not lengthen the time for sending.
            held.happen(said, by, lines, clock_runs_on=always)
            if body.pickup_day:
                booked = PickupBooked(rma=held.rma, shipment_id=shipment_id, day=body.pickup_day)
                held.note(booked, by)
            follow(held)

    def scan(self, rma: str, body: ScanBody, by: Actor, attempt: Attempt | None = None) -> None:
        """Take in what the carrier tells; what the goods have passed already is noted. Raises `NotPossibleNow`, `InTheFuture`."""
        scanned_at = happened_at(self._context.clock, body.scanned_at, "scanned_at")
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma)
            lines = _scanned(held, body, by)
            told = repository.latest(transaction.connection, held.rma)
            said = ShipmentScanned(
                rma=held.rma,
                shipment_id=told.shipment_id if told else None,
                scan=body.scan,
                lines=units(lines),
            )
            held.happen(said, by, lines, variant=body.scan, time=scanned_at)
            follow(held)

    def fail_pickup(
        self, rma: str, body: PickupFailureBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """The courier came away without the goods: another way, or another day, is needed."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma)
            lines = _chosen(held, None, PickupFailed.type, by)
            told = repository.latest(transaction.connection, held.rma)
            said = PickupFailed(
                rma=held.rma,
                shipment_id=told.shipment_id if told else "none",
                reason=body.reason,
                lines=units(lines),
            )
            held.happen(said, by, lines)
            follow(held)

    def accept_loss(
        self, rma: str, body: LossBody, by: Actor, attempt: Attempt | None = None
    ) -> None:
        """The parcel will not be found: the shop bears it."""
        with self._context.transaction(attempt, rma) as transaction:
            held = hold(transaction, rma, body.version)
            lines = _chosen(held, None, LossAccepted.type, by)
            held.happen(LossAccepted(rma=held.rma, lines=units(lines)), by, lines)
            follow(held)

    def _refuse_what_is_not_offered(self, body: ShipmentBody) -> None:
        allowed = self._context.policy.methods.allowed
        if body.method not in allowed:
            raise MethodNotOffered(
                Phrase(
                    "{method} is not offered; choose one of {offered}",
                    {"method": body.method, "offered": ", ".join(allowed)},
                )
            )
        if (body.method == "pickup") != (body.pickup_day is not None):
            raise NoSuchDay(Phrase("pickup needs a pickup_day, and only pickup has one"))
        if body.pickup_day is not None:
            self._refuse_impossible_day(body.pickup_day)

    def _refuse_impossible_day(self, day: str) -> None:
        today = self._context.clock.now().astimezone(self._context.zone).date()
        try:
            is_past = date.fromisoformat(day) < today
        except ValueError as unknown:
            raise NoSuchDay(
                Phrase("pickup_day {day} is no day of the calendar", {"day": repr(day)})
            ) from unknown
        if is_past:
            raise NoSuchDay(
                Phrase(
                    "pickup_day {day} is over; choose {today} or later",
                    {"day": day, "today": today.isoformat()},
                )
            )


def _refuse_day_after_all_is_over(held: HeldReturn, lines: Sequence[Line], day: str) -> None:
    """Raises `NoSuchDay` where one of the lines would have expired before the courier comes."""
    dues = [line.reception_due_us for line in lines if line.reception_due_us is not None]
    if not dues:
        return
    last = from_us(min(dues)).astimezone(held.transaction.context.zone).date()
    if date.fromisoformat(day) > last:
        raise NoSuchDay(
            Phrase(
                "pickup_day {day} is too late: the goods must be sent by {last}; choose that day or an earlier one",
                {"day": day, "last": last.isoformat()},
            )
        )


def _scanned(held: HeldReturn, body: ScanBody, by: Actor) -> list[Line]:
    """The lines that a scan moves: none where all that it can mean were seen further on."""
    if body.lines:
        meant = [held.line(each) for each in body.lines]
        return [line for line in meant if not is_told_late(line, body.scan)]
    could = could_have_come(held.lines.values())
    able = [line for line in held.able(ShipmentScanned.type, by, body.scan) if line in could]
    meant = could or list(held.lines.values())
    return able or [line for line in meant if not is_told_late(line, body.scan)]


def _chosen(
    held: HeldReturn,
    line_nos: Sequence[int] | None,
    event: str,
    by: Actor,
) -> list[Line]:
    """The lines that were named, else all that can; where none can, all, so that the refusal says what is possible."""
    if line_nos:
        return [held.line(each) for each in line_nos]
    return held.able(event, by) or list(held.lines.values())
