"""A text as staff may read it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from service.domain.words import Language
from service.platform.fields import Body, TextRef

TextKind = Literal["question", "answer", "appeal", "inspection_note"]


class TextView(Body):
    """What somebody wrote, and what it is about."""

    text_ref: TextRef
    kind: Annotated[str, Field(description="what it is, such as `message`")]
    body: Annotated[str, Field(description="the words themselves")]
    language: Annotated[Language | None, Field(description="their language; null if unknown")]
    written_at: Annotated[datetime, Field(description="when they were written, in UTC")]
    rma: Annotated[str | None, Field(description="the return that they are about")]
    case_id: Annotated[str | None, Field(description="the case that they are about")]


class ReturnTextView(Body):
    """What somebody wrote on a return."""

    text_ref: TextRef
    kind: Annotated[
        TextKind,
        Field(
            description="a reviewer's question, the customer's answer or why they want another person, or a note from the dock"
        ),
    ]
    written_by: Annotated[str, Field(description="the role of whoever wrote")]
    written_at: Annotated[datetime, Field(description="when, in UTC")]
    body: Annotated[
        str | None,
        Field(
            description="the words; null where they were erased, and for staff who may not read texts"
        ),
    ]
