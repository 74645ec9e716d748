"""A human decides. Subject of each: the RMA."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.events.base import DueUs, Key, MomentUs, Payload, UnitsOfLine, WhileUs
from service.domain.events.returns import RuleOutcome


class ReviewRequested(Payload):
    """The customer asks for a person: what was declined is looked at anew, never by whoever declined it. What they say to that
    is in the erasable store.
    """

    type = "review.requested"
    family = "review"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
    due_at_us: DueUs | None = None
    text_ref: Key | None = None


class ReviewOpened(Payload):
    """A human must decide; the rules that did not pass say why."""

    type = "review.opened"
    family = "review"

    rma: Key
    policy_version: Key
    rules: list[RuleOutcome]
    due_at_us: MomentUs | None = None


class ReviewAssigned(Payload):
    """Whose case it is now; null where nobody is present."""

    type = "review.assigned"
    family = "review"

    rma: Key
    reviewer_key: Key | None
    cause: Literal["opened", "running_late", "by_hand"]


class ReviewDecided(Payload):
    """What a reviewer decided and why. `paused_us`: microseconds in which the clock stood still."""

    type = "review.decided"
    family = "review"

    rma: Key
    decision: Literal["authorize", "decline"]
    reason_code: Key
    reviewer_key: Key | None
    opened_at_us: MomentUs
    paused_us: WhileUs


class EvidenceRequested(Payload):
    """The reviewer asks the customer something; the question is in the erasable store."""

    type = "evidence.requested"
    family = "review"

    rma: Key
    text_ref: Key
    due_at_us: MomentUs


class EvidenceReceived(Payload):
    """The customer answered; the answer is in the erasable store."""

    type = "evidence.received"
    family = "review"

    rma: Key
    text_ref: Key
    due_at_us: DueUs | None = None


class EvidenceLapsed(Payload):
    """No answer came in time: the reviewer decides on what there is."""

    type = "evidence.lapsed"
    family = "review"

    rma: Key
    due_at_us: DueUs | None = None
