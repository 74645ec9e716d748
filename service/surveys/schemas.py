"""The survey, seen by the customer."""

from typing import Annotated, get_args

from pydantic import ConfigDict, Field

from service.domain.words import SurveyTag
from service.platform.fields import Body, Prose, Rma

TAGS: tuple[SurveyTag, ...] = get_args(SurveyTag)


class AnswerBody(Body):
    """How it was."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"csat": 4, "tags": ["easy", "slow"], "comment": "好评"}}
    )

    csat: Annotated[
        int, Field(ge=1, le=5, strict=True, description="1 very bad … 5 very good", examples=[4])
    ]
    tags: Annotated[
        list[SurveyTag],
        Field(default_factory=list, max_length=10, description="what it was like"),
    ]
    comment: Prose | None = None


class SurveyView(Body):
    """The question, and whether it was answered. Looking at it answers nothing."""

    rma: Rma
    question: Annotated[str, Field(description="in the reader's language")]
    tags: Annotated[list[SurveyTag], Field(description="the words that an answer may carry")]
    is_answered: Annotated[bool, Field(description="whether the customer has answered")]
