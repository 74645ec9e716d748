"""The events of the log: one payload model per type, and the envelope around it.

The envelope is that of CloudEvents 1.0. A payload changes only by adding; a wrong fact is corrected
by a new event that names it. Money is in minor units (cents, fen), quantities are whole units.
No personal data: customers appear as random tokens.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Origin = Literal["live", "import", "simulated"]
Role = Literal["customer", "shop", "reviewer", "inspector", "system", "pipeline", "importer"]
Key = Annotated[str, Field(min_length=1, max_length=200)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Quantity = Annotated[int, Field(ge=1, le=1_000_000_000)]
MOST_MINOR = 10**12  # of one amount: nine million such lines can be added up in 64 bits
Minor = Annotated[int, Field(ge=0, le=MOST_MINOR)]
Count = Annotated[int, Field(ge=0)]
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


# --- order -------------------------------------------------------------------------------------


class OrderLine(Part):
    line_no: Annotated[int, Field(ge=1)]
    sku: Key
    quantity: Quantity
    unit_price_minor: Minor

    @model_validator(mode="after")
    def _has_a_countable_value(self) -> Self:
        if self.quantity * self.unit_price_minor > MOST_MINOR:
            raise ValueError(f"quantity times unit_price_minor is more than {MOST_MINOR}")
        return self


class OrderPlaced(Payload):
    """A customer bought something. Subject: the order."""

    type = "order.placed"
    family = "order"

    order_id: Key
    customer_key: Key | None
    currency: Currency
    country: str | None
    lines: Annotated[list[OrderLine], Field(min_length=1)]


class DeliveredLine(Part):
    line_no: Annotated[int, Field(ge=1)]
    quantity: Quantity


class OrderDelivered(Payload):
    """A parcel of an order reached its customer. Subject: the order."""

    type = "order.delivered"
    family = "order"

    order_id: Key
    delivery_id: Key
    lines: Annotated[list[DeliveredLine], Field(min_length=1)]


# --- product -----------------------------------------------------------------------------------


class ProductUpserted(Payload):
    """The shop told us about a product, or told us anew. Subject: the SKU."""

    type = "product.upserted"
    family = "product"

    sku: Key
    title: str
    category: str | None = None
    vendor: str | None = None
    cost_minor: Minor | None = None
    price_minor: Minor | None = None
    currency: Currency | None = None
    lot: str | None = None


# --- return ------------------------------------------------------------------------------------


class ReturnLine(Part):
    """Units of one SKU that come back; without an order line when none could be matched."""

    line_no: Annotated[int, Field(ge=1)]
    order_id: Key | None
    order_line_no: Annotated[int, Field(ge=1)] | None
    sku: Key
    quantity: Quantity
    reason: str | None
    value_minor: Minor


class ReturnRequested(Payload):
    """A customer applied for a return. Subject: the RMA. `order_id` where all lines are of one order."""

    type = "return.requested"
    family = "return"

    rma: Key
    order_id: Key | None
    customer_key: Key | None
    currency: Currency
    external_ref: str | None = None
    lines: Annotated[list[ReturnLine], Field(min_length=1)]


class RuleOutcome(Part):
    """What one rule of the policy said of one request."""

    rule: Key
    passed: bool
    detail: str


class ReturnAuthorized(Payload):
    """The return may be sent back. Subject: the RMA."""

    type = "return.authorized"
    family = "return"

    rma: Key
    mode: Literal["rule", "reviewer"]
    policy_version: Key
    model_version: str | None
    score: Annotated[float, Field(ge=0, le=1)] | None
    refund_on: RefundOn
    inspection: InspectionDepth
    rules: list[RuleOutcome]


class ReviewOpened(Payload):
    """A human must decide; the rules that did not pass say why. Subject: the RMA."""

    type = "review.opened"
    family = "review"

    rma: Key
    policy_version: Key
    rules: list[RuleOutcome]


class ReceivedLine(Part):
    line_no: Annotated[int, Field(ge=1)]
    quantity: Quantity


class ReturnReceived(Payload):
    """Goods of a return reached the warehouse. Subject: the RMA."""

    type = "return.received"
    family = "return"

    rma: Key
    lines: Annotated[list[ReceivedLine], Field(min_length=1)]


class LineInspected(Payload):
    """The condition of returned units. Subject: the RMA."""

    type = "line.inspected"
    family = "receipt"

    rma: Key
    line_no: Annotated[int, Field(ge=1)]
    quantity: Quantity
    outcome: Literal["passed", "failed", "short", "wrong_item", "empty", "unexpected"]
    grade: Literal["A", "B", "C", "D"] | None
    inspection_depth: InspectionDepth | None


class RefundLine(Part):
    line_no: Annotated[int, Field(ge=1)]
    amount_minor: Minor


class RefundSettled(Payload):
    """Money went back to the customer. Subject: the RMA."""

    type = "refund.settled"
    family = "settlement"

    rma: Key
    means: str | None
    currency: Currency
    amount_minor: Minor
    lines: list[RefundLine]


class ReturnClosed(Payload):
    """Nothing more is to be done on this return. Subject: the RMA."""

    type = "return.closed"
    family = "return"

    rma: Key


# --- conclusion --------------------------------------------------------------------------------


class SkuFlagged(Payload):
    """A run concluded that a product comes back more than it should. Subject: the SKU."""

    type = "sku.flagged"
    family = "conclusion"

    sku: Key
    since: Day
    lift: Annotated[float, Field(ge=0)]
    lift_low: Annotated[float, Field(ge=0)]
    lift_high: Annotated[float, Field(ge=0)]
    excess_units: float
    detector_version: Key


class SkuCleared(Payload):
    """A run concluded that the evidence behind a flag has gone. Subject: the SKU."""

    type = "sku.cleared"
    family = "conclusion"

    sku: Key
    lift: Annotated[float, Field(ge=0)]
    detector_version: Key


class SetAside(Part):
    """Rows of an imported file that are neither a sale nor a return."""

    reason: Key
    rows: Count
    units: int


class ImportCompleted(Payload):
    """A shop's history was read. Subject: the importer. Rows read = sold + returned + set aside."""

    type = "import.completed"
    family = "conclusion"

    importer: Key
    timezone: Key
    content_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rows_read: Count
    rows_sold: Count
    rows_returned: Count
    units_sold: Count
    units_returned: Count
    units_matched: Count
    set_aside: list[SetAside]


# --- the envelope ------------------------------------------------------------------------------

PAYLOADS: dict[str, type[Payload]] = {model.type: model for model in Payload.__subclasses__()}
FAMILIES: tuple[str, ...] = tuple(sorted({model.family for model in PAYLOADS.values()}))
ORIGINS: tuple[str, ...] = get_args(Origin)


class UnknownEventType(ValueError):
    """An event of a type that this version has no payload model for."""

    def __init__(self, type_: str) -> None:
        super().__init__(
            f"event type {type_!r} is not known here; known are {', '.join(sorted(PAYLOADS))}. "
            "If a newer Retour wrote it, upgrade this one."
        )


def payload_model(type_: str) -> type[Payload]:
    """The payload model of an event type. Raises `UnknownEventType`."""
    try:
        return PAYLOADS[type_]
    except KeyError:
        raise UnknownEventType(type_) from None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a role and, for people, a pseudonym."""

    role: Role
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event about to be appended. `time` (aware) is when it happened; the log adds `seq` and `recorded_at`."""

    id: str
    source: str
    subject: str
    time: datetime
    data: Payload
    actor: Actor
    origin: Origin = "live"
    correlation_id: str | None = None
    causation_id: str | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the log holds it. Times are microseconds since 1970 UTC; `data` is the payload's JSON text."""

    seq: int
    id: str
    source: str
    type: str
    subject: str
    time_us: int
    recorded_at_us: int
    origin: str
    actor_role: str
    actor_key: str | None
    correlation_id: str | None
    causation_id: str | None
    corrects: str | None
    schema_version: int
    data: str
