"""What a customer applies with, and what a return looks like from outside."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.domain.events import Role
from service.domain.lifecycle import State
from service.domain.words import Reason
from service.orders.schemas import refuse_repeated
from service.platform.fields import Body, LineNo, Ref, Units


class ReturnLineBody(Body):
    """Units of one order line that should go back."""

    line_no: Annotated[LineNo, Field(description="the line of the order")]
    quantity: Units
    reason: Reason


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

    order_id: Ref
    customer: Ref
    lines: Annotated[list[ReturnLineBody], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _names_each_line_once(self) -> Self:
        refuse_repeated([line.line_no for line in self.lines])
        return self


class ReturnLineView(Body):
    """A line of a return; `order_line_no` is the line of the order that it was bought with."""

    line_no: int
    order_id: str | None
    order_line_no: int | None
    sku: str
    quantity: int
    reason: str | None
    value_minor: int
    state: State


class Step(Body):
    """Something that happened, in words."""

    time: datetime
    event: Annotated[str, Field(description="the event's type, for programs")]
    what: Annotated[str, Field(description="the same, for people")]
    by: Role


class Next(Body):
    """What happens next, and who does it."""

    what: str
    by: Role


class ReturnView(Body):
    """A return as its customer may see it. `state` follows from the lines."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rma": "R7K3M9-QX2VB-C",
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

    rma: str
    order_id: str | None
    state: State
    requested_at: datetime
    currency: str
    lines: list[ReturnLineView]
    history: list[Step]
    next: Next
