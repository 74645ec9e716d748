"""A text as staff may read it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from service.domain.words import Language
from service.platform.fields import Body, TextRef


class TextView(Body):
    """What somebody wrote, and what it is about."""

    text_ref: TextRef
    kind: Annotated[str, Field(description="what it is, such as `message`")]
    body: Annotated[str, Field(description="the words themselves")]
    language: Annotated[Language | None, Field(description="their language; null if unknown")]
    written_at: Annotated[datetime, Field(description="when they were written, in UTC")]
    rma: Annotated[str | None, Field(description="the return that they are about")]
    case_id: Annotated[str | None, Field(description="the case that they are about")]
