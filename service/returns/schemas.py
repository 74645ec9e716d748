"""What a customer applies with, and what a return looks like from outside."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.domain.events import Role
from service.domain.lifecycle import State
from service.domain.words import Reason
from service.orders.schemas import refuse_repeated
from service.platform.fields import Body, CurrencyCode, Customer, LineNo, OrderId, Rma, Sku, Units


class ReturnLineBody(Body):
    """Units of one order line that should go back."""

    line_no: LineNo
    quantity: Units
    reason: Annotated[Reason, Field(description="why, in one of these words")]


class ReturnBody(Body):
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


class ReturnLineView(Body):
    """A line of a return; `order_line_no` is the line of the order that it was bought with."""

    line_no: Annotated[int, Field(description="its number within the return")]
    order_id: Annotated[str | None, Field(description="the order; null where none was found")]
    order_line_no: Annotated[int | None, Field(description="the line of that order")]
    sku: Sku
    quantity: Annotated[int, Field(description="whole units")]
    reason: Annotated[str | None, Field(description="why; null where an import does not say")]
    value_minor: Annotated[
        int, Field(description="what was paid for these units, in minor units of the currency")
    ]
    state: Annotated[State, Field(description="where this line stands")]


class Step(Body):
    """Something that happened, in words."""

    time: Annotated[datetime, Field(description="when it happened, in UTC")]
    event: Annotated[str, Field(description="the event's type, for programs")]
    what: Annotated[str, Field(description="the same, for people")]
    by: Annotated[Role, Field(description="who did it")]


class Next(Body):
    """What happens next, and who does it."""

    what: Annotated[str, Field(description="the next step, for people")]
    by: Annotated[Role, Field(description="whose turn it is")]


class ReturnView(Body):
    """A return as its customer may see it. `state` follows from the lines."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rma": "R7K3M9-QX2VB-W",
                "order_id": "A-1001",
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
                        "what": "The return was authorized by the rules of policy 1.",
                        "by": "system",
                    },
                ],
                "next": {"what": "Send the goods back.", "by": "customer"},
            }
        }
    )

    rma: Rma
    order_id: Annotated[
        str | None, Field(description="the order, where all lines are of one; else see the lines")
    ]
    state: Annotated[State, Field(description="as far as the line that is least far")]
    requested_at: Annotated[datetime, Field(description="when it was applied for, in UTC")]
    currency: CurrencyCode
    lines: Annotated[list[ReturnLineView], Field(description="what comes back")]
    history: Annotated[list[Step], Field(description="what happened, oldest first")]
    next: Next
