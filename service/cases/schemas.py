"""Cases, seen from outside: what customers open, what staff close."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from service.domain.cases import Outcome
from service.domain.events import CaseKind, Direction
from service.domain.words import Language
from service.platform.fields import Body, CaseId, Customer, OrderId, Prose, Ref, Rma, TextRef

MessageId = Annotated[
    Ref, Field(description="the message's number here", examples=["msg_5t9x1c3v7b2n"])
]


class CaseBody(Body):
    """What a customer brings up: about a return or about an order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "complaint",
                "rma": "R7K3M9-QX2VB-W",
                "text": "The refund is less than I was told.",
            }
        }
    )

    kind: Annotated[
        Literal["complaint", "suggestion", "not_received", "safety"],
        Field(
            description="a complaint (an appeal too), a suggestion, goods said to be delivered that never came, "
            "or a danger to people"
        ),
    ]
    rma: Rma | None = None
    order_id: OrderId | None = None
    customer: Annotated[
        Customer | None,
        Field(description="with order_id: the shop's own reference of the customer"),
    ] = None
    text: Prose

    @model_validator(mode="after")
    def _is_about_something(self) -> "CaseBody":
        if (self.rma is None) == (self.order_id is None):
            raise ValueError("must name either an rma or an order_id")
        if (self.order_id is None) != (self.customer is None):
            raise ValueError("must name the customer together with an order_id, and only then")
        return self


class CloseBody(Body):
    """How a case ended."""

    outcome: Annotated[Outcome, Field(description="one of those that its kind can have")]
    answer: Annotated[Prose | None, Field(description="what the customer is told")] = None


class TakeBody(Body):
    """Who takes a case; whoever is free if left out."""

    owner: Annotated[Ref | None, Field(description="a member of staff's id")] = None


class MessageBody(Body):
    """What the case's customer writes, or one of the staff to them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"text": "I have asked our warehouse, and write to you tomorrow."}
        }
    )

    text: Prose
    language: Annotated[Language | None, Field(description="its language, where known")] = None


class MessageTaken(Body):
    """The message is kept, and passed on."""

    message_id: MessageId


class MessageView(Body):
    """One message on a case."""

    message_id: MessageId
    direction: Annotated[Direction, Field(description="who wrote to whom")]
    written_by: Annotated[str, Field(description="the role of whoever wrote")]
    written_at: Annotated[datetime, Field(description="when, in UTC")]
    language: Annotated[Language | None, Field(description="its language; null if unknown")]
    text_ref: TextRef
    text: Annotated[
        str | None,
        Field(
            description="the words; null where they were erased, and for staff who may not read texts"
        ),
    ]


class CaseView(Body):
    """A case, its owner and its clock."""

    case_id: CaseId
    kind: Annotated[CaseKind, Field(description="what it is about")]
    rma: Annotated[str | None, Field(description="the return that it is about")]
    order_id: Annotated[str | None, Field(description="the order that it is about")]
    parcel_id: Annotated[str | None, Field(description="the parcel that it is about")]
    owner_role: Annotated[str, Field(description="whose work it is")]
    owner: Annotated[str | None, Field(description="whose it is; null where nobody is present")]
    opened_at: Annotated[datetime, Field(description="since when it is open")]
    due_at: Annotated[datetime, Field(description="until when it must be done")]
    answer_due_at: Annotated[
        datetime | None,
        Field(description="until when the customer must be answered; null where nobody waits"),
    ]
    closed_at: Annotated[datetime | None, Field(description="when it ended; null while it is open")]
    outcome: Annotated[str | None, Field(description="how it ended; null while it is open")]
    text_ref: Annotated[str | None, Field(description="what was written; GET /v1/texts/{ref}")]


class CaseThread(CaseView):
    """A case, and what its customer and staff wrote to each other, the oldest first."""

    messages: Annotated[list[MessageView], Field(description="the oldest first")]


class CaseTaken(Body):
    """The case is open; somebody looks after it."""

    case_id: CaseId
