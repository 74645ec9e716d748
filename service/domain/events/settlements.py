"""Money goes back. Subject of each: the RMA."""

from typing import Literal

from service.domain.events.base import Currency, DueUs, Key, LineNo, Minor, MomentUs, Part, Payload
from service.domain.words import FailureReason

Trigger = Literal[
    "authorized",
    "first_scan",
    "received",
    "inspected",
    "choice",
    "loss",
    "keep",
    "goodwill",
    "other_means",
]


class RefundLine(Part):
    line_no: LineNo
    amount_minor: Minor


class RefundRequested(Payload):
    """Money is to go back, by these means, until this moment."""

    type = "refund.requested"
    family = "settlement"

    rma: Key
    refund_id: Key
    means: Key
    currency: Currency
    amount_minor: Minor
    trigger: Trigger
    due_at_us: MomentUs
    lines: list[RefundLine]


class RefundSettled(Payload):
    """Money went back to the customer."""

    type = "refund.settled"
    family = "settlement"

    rma: Key
    means: str | None
    currency: Currency
    amount_minor: Minor
    lines: list[RefundLine]
    refund_id: Key | None = None
    is_reconciled: bool = False


class RefundUnknown(Payload):
    """The payment's answer did not come: it may have gone through or not. It is asked for until it is known."""

    type = "refund.unknown"
    family = "settlement"

    rma: Key
    refund_id: Key
    due_at_us: DueUs | None = None


class RefundFailed(Payload):
    """The payment was refused: other means are needed."""

    type = "refund.failed"
    family = "settlement"

    rma: Key
    refund_id: Key
    reason: FailureReason
    due_at_us: DueUs | None = None
