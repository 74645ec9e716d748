"""Follow-up: cases, messages, surveys. What people write is in the erasable store; here is its reference."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.events.base import LAST_US, Key, MomentUs, Part, Payload, Role
from service.domain.words import Language, SurveyTag

CaseKind = Literal[
    "complaint",
    "suggestion",
    "not_received",
    "safety",
    "low_score",
    "stalled",
    "recovery",
    "unknown_parcel",
]

Direction = Literal["from_customer", "to_customer"]
AnswerDueUs = Annotated[
    int,
    Field(
        ge=0,
        le=LAST_US,
        description="until when somebody is to answer the customer, in microseconds since 1970 UTC; "
        "null where no answer is awaited",
    ),
]


class CaseOpened(Payload):
    """Something needs somebody. Subject: the case."""

    type = "case.opened"
    family = "case"

    case_id: Key
    kind: CaseKind
    rma: Key | None
    order_id: Key | None
    owner_role: Role
    owner_key: Key | None
    due_at_us: MomentUs
    text_ref: Key | None
    answer_due_at_us: AnswerDueUs | None = None


class CaseAssigned(Payload):
    """Whose case it is now. Subject: the case."""

    type = "case.assigned"
    family = "case"

    case_id: Key
    owner_key: Key | None
    cause: Literal["running_late", "by_hand"]


class CaseEscalated(Payload):
    """The time ran out to close the case, or to answer its customer; whoever has it now has a new one. Subject: the case."""

    type = "case.escalated"
    family = "case"

    case_id: Key
    owner_role: Role
    owner_key: Key | None = None
    due_at_us: MomentUs
    clock: Literal["case", "first_response"] = "case"


class CaseClosed(Payload):
    """The case is done. Subject: the case."""

    type = "case.closed"
    family = "case"

    case_id: Key
    outcome: Key
    opened_at_us: MomentUs
    text_ref: Key | None


class MessageWritten(Payload):
    """Somebody wrote on a case: its customer, or one of the staff to them. Subject: the case."""

    type = "message.written"
    family = "message"

    message_id: Key
    case_id: Key
    rma: Key | None
    direction: Direction
    written_by: Role
    language: Language | None
    text_ref: Key
    answer_due_at_us: AnswerDueUs | None


class MessageSent(Payload):
    """A letter went out. Subject: the RMA (or case) that it is about."""

    type = "message.sent"
    family = "message"

    message_id: Key
    letter: Key
    language: Language
    about_us: Annotated[MomentUs, Field(description="when that happened which it tells of")]


class SurveySent(Payload):
    """The customer was asked how it was. Subject: the RMA."""

    type = "survey.sent"
    family = "survey"

    rma: Key


class SurveyReminded(Payload):
    """The customer was asked once more, for the last time. Subject: the RMA."""

    type = "survey.reminded"
    family = "survey"

    rma: Key


class Tag(Part):
    tag: SurveyTag


class SurveyAnswered(Payload):
    """How it was, from 1 (very bad) to 5 (very good). Subject: the RMA."""

    type = "survey.answered"
    family = "survey"

    rma: Key
    csat: Annotated[int, Field(ge=1, le=5)]
    tags: list[Tag]
    text_ref: Key | None
