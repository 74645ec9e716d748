"""What a customer applies with, and what a return looks like from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from service.domain.events import MOST_INPUTS, Role
from service.domain.lifecycle import Status
from service.domain.words import Choice, Reason
from service.orders.schemas import refuse_repeated
from service.platform.fields import (
    Body,
    CurrencyCode,
    Customer,
    LineNo,
    Moment,
    OrderId,
    Rma,
    Sku,
    SomeLines,
    Units,
    Version,
)


class EffortBody(Body):
    """How laborious it was for the customer, as far as the shop's app counts that."""

    inputs: Annotated[
        int | None,
        Field(
            ge=0,
            le=MOST_INPUTS,
            description="how many inputs the customer gave from the first page on: taps, choices, fields",
        ),
    ] = None
    started_at: Annotated[
        Moment | None,
        Field(description="when the customer opened the first page: not more than a day ago"),
    ] = None


class WithdrawnLineBody(Body):
    """Units of one order line that should go back."""

    line_no: LineNo
    quantity: Units


class ReturnLineBody(WithdrawnLineBody):
    """Units of one order line that should go back, and why."""

    reason: Annotated[Reason, Field(description="why, in one of these words")]


class ReturnBody(EffortBody):
    """An application. `customer` is the shop's own reference, as it was given with the order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "order_id": "A-1001",
                "customer": "customer-4711",
                "lines": [{"line_no": 1, "quantity": 1, "reason": "not_as_described"}],
            }
        }
    )

    order_id: OrderId
    customer: Customer
    lines: Annotated[
        list[ReturnLineBody],
        Field(min_length=1, max_length=1000, description="what goes back, each line_no once"),
    ]

    @model_validator(mode="after")
    def _names_each_line_once(self) -> Self:
        refuse_repeated([line.line_no for line in self.lines])
        return self


class WithdrawalBody(Body):
    """The statutory withdrawal from a purchase, or from parts of it. It needs no reason."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "order_id": "A-1001",
                "customer": "customer-4711",
                "lines": [{"line_no": 1, "quantity": 1}],
            }
        }
    )

    order_id: OrderId
    customer: Customer
    lines: Annotated[
        list[WithdrawnLineBody],
        Field(min_length=1, max_length=1000, description="what goes back, each line_no once"),
    ]

    @model_validator(mode="after")
    def _names_each_line_once(self) -> Self:
        refuse_repeated([line.line_no for line in self.lines])
        return self


class DeclarationView(Body):
    """The first step of a withdrawal: what will be declared. Nothing is declared before it is confirmed."""

    declaration: Annotated[str, Field(description="what the customer confirms, in words")]
    takes_over: Annotated[
        list[Rma],
        Field(description="returns that nobody decided on yet, whose units are given up there"),
    ]
    confirmation: Annotated[str, Field(description="send it to confirm")]
    expires_at: Annotated[datetime, Field(description="from then on it must be prepared anew")]


class ConfirmationBody(EffortBody):
    """The second step: the customer confirms. What it says of the effort is that of both steps."""

    confirmation: Annotated[
        str, Field(min_length=1, max_length=100_000, description="as the first step gave it")
    ]


class CancelBody(Body):
    """Which lines the customer gives up; all that can be if left out."""

    lines: SomeLines | None = None
    version: Version | None = None


class ChoiceBody(Body):
    """What becomes of goods that did not pass."""

    choice: Annotated[Choice, Field(description="one of the line's `choices`")]
    version: Version | None = None


class Next(Body):
    """What happens next, who does it, and until when."""

    what: Annotated[str, Field(description="the next step, for people")]
    by: Annotated[Role, Field(description="whose turn it is")]
    until: Annotated[
        datetime | None, Field(description="when it happens at the latest, or the default does")
    ]
    otherwise: Annotated[
        str | None,
        Field(
            description="the event that happens by itself after that, for programs; null while a complaint is open that holds it back"
        ),
    ]


class ReturnLineView(Body):
    """A line of a return; `order_line_no` is the line of the order that it was bought with."""

    line_no: Annotated[int, Field(description="its number within the return")]
    order_id: Annotated[str | None, Field(description="the order; null where none was found")]
    order_line_no: Annotated[int | None, Field(description="the line of that order")]
    sku: Sku
    quantity: Annotated[int, Field(description="whole units")]
    reason: Annotated[str | None, Field(description="why; null where none was asked or told")]
    value_minor: Annotated[
        int, Field(description="what was paid for these units, in minor units of the currency")
    ]
    state: Annotated[Status, Field(description="where this line stands, in one word")]
    authorization: Annotated[str, Field(description="whether it may come back")]
    reception: Annotated[str, Field(description="where the goods are")]
    resolution: Annotated[str, Field(description="what the customer gets")]
    grade: Annotated[str | None, Field(description="A like new to D worthless, once inspected")]
    offer_minor: Annotated[int, Field(description="what is offered for goods that did not pass")]
    choices: Annotated[
        Sequence[Choice], Field(description="what the customer may choose now, the default first")
    ]
    next: Annotated[Next | None, Field(description="null once the line is done")]


class Step(Body):
    """Something that happened, in words."""

    time: Annotated[datetime, Field(description="when it happened, in UTC")]
    event: Annotated[str, Field(description="the event's type, for programs")]
    what: Annotated[str, Field(description="the same, for people")]
    by: Annotated[Role, Field(description="who did it")]


class MoneyView(Body):
    """When the money comes, and how much."""

    refunded_minor: Annotated[int, Field(description="what went back, in minor units")]
    pending_minor: Annotated[int, Field(description="what is on its way; not what was refused")]
    due_at: Annotated[datetime | None, Field(description="until when all that is on its way comes")]
    words: Annotated[str, Field(description="the same, for people")]


class ReturnView(Body):
    """A return as its customer may see it. `state` follows from the lines."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rma": "R7K3M9-QX2VB-W",
                "order_id": "A-1001",
                "kind": "return",
                "regime": None,
                "version": 1,
                "state": "authorized",
                "requested_at": "2026-03-09T08:00:00Z",
                "currency": "EUR",
                "lines": [
                    {
                        "line_no": 1,
                        "order_id": "A-1001",
                        "order_line_no": 1,
                        "sku": "MUG-01",
                        "quantity": 1,
                        "reason": "not_as_described",
                        "value_minor": 1290,
                        "state": "authorized",
                        "authorization": "authorized",
                        "reception": "awaited",
                        "resolution": "open",
                        "grade": None,
                        "offer_minor": 0,
                        "choices": [],
                        "next": {
                            "what": "Send the goods back.",
                            "by": "customer",
                            "until": "2026-03-23T08:00:00Z",
                            "otherwise": "return.expired",
                        },
                    }
                ],
                "history": [
                    {
                        "time": "2026-03-09T08:00:00Z",
                        "event": "return.requested",
                        "what": "The return was applied for.",
                        "by": "customer",
                    },
                    {
                        "time": "2026-03-09T08:00:00Z",
                        "event": "return.authorized",
                        "what": "The return was authorized.",
                        "by": "system",
                    },
                ],
                "next": {
                    "what": "Send the goods back.",
                    "by": "customer",
                    "until": "2026-03-23T08:00:00Z",
                    "otherwise": "return.expired",
                },
                "money": {
                    "refunded_minor": 0,
                    "pending_minor": 0,
                    "due_at": None,
                    "words": "Your money comes back at the latest 72 hours after we have checked the goods.",
                },
                "questions": [],
            }
        }
    )

    rma: Rma
    order_id: Annotated[
        str | None, Field(description="the order, where all lines are of one; else see the lines")
    ]
    kind: Annotated[
        Literal["return", "withdrawal"],
        Field(description="asked of the shop, or declared by law"),
    ]
    regime: Annotated[str | None, Field(description="the law whose terms hold")]
    version: Annotated[
        int, Field(description="changes with each change; send it to change only what you saw")
    ]
    state: Annotated[Status, Field(description="as far as the line that is least far")]
    requested_at: Annotated[datetime, Field(description="when it was applied for, in UTC")]
    currency: CurrencyCode
    lines: Annotated[list[ReturnLineView], Field(description="what comes back")]
    history: Annotated[list[Step], Field(description="what happened, oldest first")]
    next: Annotated[Next | None, Field(description="what is due first; null once it is closed")]
    money: MoneyView
    questions: Annotated[
        Sequence[str],
        Field(
            description="what we asked and wait to have answered, the oldest first; only where the customer reads the return"
        ),
    ] = ()
    customer_token: Annotated[
        str | None,
        Field(
            description="what its customer proves itself with; in the answer to an application only"
        ),
    ] = None
