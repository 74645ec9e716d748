"""What happens to a return as a whole. Subject of each: the RMA."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.clocks import ClockName
from service.domain.events.base import (
    Currency,
    DueUs,
    Inputs,
    InspectionDepth,
    Key,
    LineNo,
    Minor,
    MomentUs,
    Part,
    Payload,
    Quantity,
    RefundOn,
    StartedUs,
    UnitsOfLine,
)


class ReturnLine(Part):
    """Units of one SKU that come back; without an order line when none could be matched."""

    line_no: LineNo
    order_id: Key | None
    order_line_no: LineNo | None
    sku: Key
    quantity: Quantity
    reason: str | None
    value_minor: Minor


class ReturnRequested(Payload):
    """A customer applied for a return. `order_id` where all lines are of one order.

    `returnable_until_us`: the end of the first window of its lines to close, by policy and law; null of an imported past.
    """

    type = "return.requested"
    family = "return"

    rma: Key
    order_id: Key | None
    customer_key: Key | None
    currency: Currency
    external_ref: str | None = None
    lines: Annotated[list[ReturnLine], Field(min_length=1)]
    inputs: Inputs | None = None
    started_at_us: StartedUs | None = None
    returnable_until_us: MomentUs | None = None


class ReturnWithdrawn(Payload):
    """A customer declared the statutory withdrawal: needs no reason and no decision."""

    type = "return.withdrawn"
    family = "return"

    rma: Key
    order_id: Key
    customer_key: Key | None
    currency: Currency
    regime: Key
    policy_version: Key
    refund_on: RefundOn
    lines: Annotated[list[ReturnLine], Field(min_length=1)]
    due_at_us: DueUs | None = None
    inputs: Inputs | None = None
    started_at_us: StartedUs | None = None


class RuleOutcome(Part):
    """What one rule of the policy said of one request."""

    rule: Key
    passed: bool
    detail: str


class Feature(Part):
    """One number that an assessment saw; null where it could not be known."""

    name: Key
    value: float | None


class Reason(Part):
    """Why an assessment chose as it did: a code, and the same in words."""

    code: Key
    words: str


Basis = Literal[
    "rules", "model", "no_model", "uncertified", "suspended", "unavailable", "failed", "late"
]


class ReturnAssessed(Payload):
    """What the risk port said of a request, and all that it saw.

    `as_of_seq`: events up to here were seen. `propensity`: the probability with which this action was chosen,
    given what was seen; below 1 where a lot was drawn. `approve_propensity`: that of an approval, with whatever
    inspection; null before there were lots for it. `basis`: what the decision rests on; null before
    there were models. `rules`: a rule sent it to a person. `model`: the score decided. Value and lot decided without a model
    where there is none (`no_model`), or it is certified for nothing (`uncertified`) or `suspended`. A model that could not
    be loaded (`unavailable`), gave no usable answer (`failed`) or gave it `late` left the request to a person.
    The challenger scores in the shadow: its score decides nothing. `hidden_decision`: of a blind case, what the model
    would have decided, which the person who decides is not told; null where the case is none. `is_drawn_doubt`: the
    model would have sent it to a person, and the lot let it pass to learn from; such an approval says nothing of those
    that the model made. `timezone`: the shop's at that moment, in which the hour of the day was seen; null before it was told.
    """

    type = "return.assessed"
    family = "return"

    rma: Key
    as_of_seq: Annotated[int, Field(ge=0)]
    policy_version: Key
    model_version: str | None
    score: Annotated[float, Field(ge=0, le=1)] | None
    decision: Literal["approve", "review"]
    refund_on: RefundOn
    inspection: InspectionDepth
    is_audit: bool
    propensity: Annotated[float, Field(ge=0, le=1)]
    features: list[Feature]
    reasons: list[Reason]
    basis: Basis | None = None
    challenger_version: str | None = None
    challenger_score: Annotated[float, Field(ge=0, le=1)] | None = None
    hidden_decision: Literal["approve", "review"] | None = None
    approve_propensity: Annotated[float, Field(ge=0, le=1)] | None = None
    is_drawn_doubt: bool = False
    timezone: str | None = None


class ReturnAuthorized(Payload):
    """The return may be sent back."""

    type = "return.authorized"
    family = "return"

    rma: Key
    mode: Literal["rule", "reviewer", "deadline"]
    policy_version: Key
    model_version: str | None
    score: Annotated[float, Field(ge=0, le=1)] | None
    refund_on: RefundOn
    inspection: InspectionDepth
    rules: list[RuleOutcome]
    due_at_us: DueUs | None = None


class ReturnDeclined(Payload):
    """The return may not be sent back: a published hard rule said so, or a reviewer. It can be appealed."""

    type = "return.declined"
    family = "return"

    rma: Key
    mode: Literal["rule", "reviewer"]
    policy_version: Key
    rule: Key
    rules: list[RuleOutcome]
    appeal_until_us: MomentUs


class AppealLapsed(Payload):
    """Nobody appealed in time. `lines` are those that were declined so long ago; events from before name none and mean all."""

    type = "return.appeal_lapsed"
    family = "return"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(default_factory=list)]


class ReturnCancelled(Payload):
    """The customer does not want to return these units any more."""

    type = "return.cancelled"
    family = "return"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]


class ReturnExpired(Payload):
    """These units were never sent."""

    type = "return.expired"
    family = "return"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]


class ReturnReinstated(Payload):
    """Units came, or are on their way, although they were cancelled or had expired.

    A person decides about them (`under_review`); those of a statutory withdrawal that had expired are `authorized` again.
    """

    type = "return.reinstated"
    family = "return"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
    permission: Annotated[
        Literal["under_review", "authorized"],
        Field(description="what they came to: `authorized` needs nobody to decide"),
    ] = "under_review"
    due_at_us: DueUs | None = None


class ReturnReceived(Payload):
    """Goods of a return reached the warehouse: what the dock saw arrive."""

    type = "return.received"
    family = "return"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
    parcel_id: Key | None = None
    due_at_us: DueUs | None = None


class LineSplit(Payload):
    """Some units of a line go another way from here: they are a line of their own.

    `root_line_no` is the line of the application that they were first part of.
    """

    type = "line.split"
    family = "return"

    rma: Key
    line_no: LineNo
    root_line_no: LineNo
    into_line_no: LineNo
    quantity: Quantity
    value_minor: Minor


class LineKeepGranted(Payload):
    """The customer keeps the goods and gets the money: sending them back would cost more than they are worth."""

    type = "line.keep_granted"
    family = "return"

    rma: Key
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]


class ClockBreached(Payload):
    """Somebody's time ran out on some lines. `owner_role` was to act; what follows is in the transition table."""

    type = "clock.breached"
    family = "return"

    rma: Key
    clock: ClockName
    owner_role: Key
    due_at_us: MomentUs
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]
    next_due_at_us: DueUs | None = None


class ClockPutOff(Payload):
    """What would happen by itself waits: all lines on which this clock runs are due at `due_at_us` now.

    While an objection of the customer is open nothing happens over their head, and once it is answered they have time to act.
    """

    type = "clock.put_off"
    family = "return"

    rma: Key
    clock: Literal["choice", "appeal"]
    cause: Literal["objection_open", "objection_answered"]
    due_at_us: MomentUs
    lines: Annotated[list[UnitsOfLine], Field(min_length=1)]


class ReturnClosed(Payload):
    """Nothing more is to be done on this return."""

    type = "return.closed"
    family = "return"

    rma: Key
