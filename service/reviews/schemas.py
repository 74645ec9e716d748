"""What a reviewer sends and sees."""

from datetime import datetime
from typing import Annotated, Literal, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from service.platform.fields import Body, Prose, Ref, Rma, SomeLines, Version

DeclineReason = Literal[
    "outside_policy",
    "not_eligible",
    "evidence_insufficient",
    "already_refunded",
    "misuse",
]
DecidedBy = Literal["rules", "model", "person", "deadline", "law"]
AuthorizeReason = Literal["within_policy", "evidence_convincing", "goodwill", "shop_fault"]
ReasonCode = Literal[
    AuthorizeReason, DeclineReason
]  # one list, so that a fault names the field alone


class DecisionBody(Body):
    """A decision, with its reason in one word of the list."""

    decision: Annotated[Literal["authorize", "decline"], Field(description="what is decided")]
    reason_code: Annotated[ReasonCode, Field(description="why")]
    inspection: Annotated[
        Literal["basic", "full"] | None,
        Field(description="how closely the goods are looked at; as the return says if left out"),
    ] = None
    keep_item: Annotated[
        bool, Field(description="whether the customer keeps the goods and gets the money")
    ] = False
    version: Version | None = None

    @model_validator(mode="after")
    def _gives_a_reason_for_what_it_decides(self) -> Self:
        fitting = get_args(AuthorizeReason if self.decision == "authorize" else DeclineReason)
        if self.reason_code not in fitting:
            raise ValueError(f"reason_code must be one of {', '.join(fitting)} to {self.decision}")
        if self.keep_item and self.decision != "authorize":
            raise ValueError("keep_item must be false to decline: only what is paid can be kept")
        return self


class QuestionBody(Body):
    """What the customer is asked."""

    question: Prose
    version: Version | None = None


class AnswerBody(Body):
    """What the customer answers."""

    answer: Prose
    version: Version | None = None


class KeepBody(Body):
    """Which lines the customer keeps; all that are not sent yet if left out."""

    lines: SomeLines | None = None
    version: Version | None = None


class HandOverBody(Body):
    """Who takes the review; whoever is free if left out."""

    reviewer: Annotated[Ref | None, Field(description="the reviewer's id")] = None
    version: Version | None = None


class HumanBody(Body):
    """A customer wants a person to decide, and may say why."""

    text: Annotated[
        Prose | None,
        Field(
            description="why, in the customer's words, for whoever decides; kept in the erasable store"
        ),
    ] = None
    version: Version | None = None


class WhyView(Body):
    """One reason why a person is to look at a return."""

    code: Annotated[str, Field(description="the rule, or what a risk model looked at")]
    words: Annotated[str, Field(description="the same, for people")]
    value: Annotated[
        float | None,
        Field(description="what was found there; null of a rule, and where it is not known"),
    ]


class ReasonsView(Body):
    """Why a return was decided as it was, for its customer, and how a person comes to decide."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rma": "R7K3M9-QX2VB-W",
                "decision": "declined",
                "decided_by": "rules",
                "reasons": ["The time for returning this is over."],
                "can_ask_for_a_person": True,
                "how": "You can ask for a person to decide, until Monday 23 March 2026, 08:00.",
            }
        }
    )

    rma: Rma
    decision: Annotated[
        Literal["authorized", "declined"] | None,
        Field(description="the newest; null before there is one"),
    ]
    decided_by: Annotated[
        DecidedBy | None,
        Field(
            description="`rules` alone, rules and a risk `model`, a `person`, the `deadline` that nobody met, or "
            "the `law`, which needs no decision; null before there is one"
        ),
    ]
    reasons: Annotated[list[str], Field(description="why, for people")]
    can_ask_for_a_person: Annotated[
        bool, Field(description="whether POST /v1/returns/{rma}/human-review changes anything now")
    ]
    how: Annotated[str, Field(description="how a person comes to decide, for people")]


class ReviewView(Body):
    """An open review."""

    rma: Rma
    reviewer: Annotated[
        str | None,
        Field(
            description="whose it is, the head's once its time ran out; null where nobody is present"
        ),
    ]
    language: Annotated[str, Field(description="the customer's language: en or zh")]
    opened_at: Annotated[datetime, Field(description="since when somebody is to decide")]
    due_at: Annotated[
        datetime,
        Field(
            description="until when it must be decided; once it ran out, until when the head must"
        ),
    ]
    reasons: Annotated[list[WhyView], Field(description="why a person is to look at it")]
