"""What a buyer sends and sees of flags on products."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from service.domain.events import Culprit, DismissalReason, SkuAction, Stream
from service.domain.flags import FlagStatus, FlagStep
from service.domain.words import Language
from service.platform.fields import Body, Prose, Ref, Sku

FlagId = Annotated[
    Ref,
    Field(
        description="the flag's number: the id of its event `sku.flagged`",
        examples=["0195d0a4-7c00-7000-8000-0d5e2f6a1b3c"],
    ),
]
FlagVersion = Annotated[
    int,
    Field(
        ge=1,
        le=2**31 - 1,
        strict=True,
        description="the `version` of the flag that was looked at; refused (409) if it changed since",
        examples=[1],
    ),
]


class AcknowledgeBody(Body):
    """A buyer has seen the flag."""

    version: FlagVersion


class AssignBody(Body):
    """Whose flag it is from now on."""

    version: FlagVersion
    owner: Annotated[
        Ref | None,
        Field(
            description="the buyer's id; GET /v1/staff shows all to an admin. If left out, whoever asks"
        ),
    ] = None


class ActionBody(Body):
    """What a buyer did about the product."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 2,
                "action": "supplier_claim",
                "note": "Handles of batch 2026-02",
            }
        }
    )

    version: FlagVersion
    action: Annotated[SkuAction, Field(description="what was done")]
    note: Prose | None = None


class DismissBody(Body):
    """Why nothing is to be done."""

    version: FlagVersion
    reason: Annotated[DismissalReason, Field(description="why")]
    note: Prose | None = None


class FlagView(Body):
    """A flag on a product: what a run concluded, and where the buyers are with it."""

    flag_id: FlagId
    sku: Sku
    title: Annotated[str | None, Field(description="its name; null where the shop never told")]
    category: Annotated[str | None, Field(description="its shelf")]
    vendor: Annotated[str | None, Field(description="who makes or supplies it")]
    status: Annotated[FlagStatus, Field(description="where the buyers are with it")]
    version: FlagVersion
    possible: Annotated[list[FlagStep], Field(description="what can be done about it now")]
    owner: Annotated[str | None, Field(description="the buyer whose it is; null: nobody's")]
    flagged_at: Annotated[datetime, Field(description="when it was raised")]
    changed_at: Annotated[datetime, Field(description="when it last changed")]
    since: Annotated[
        str, Field(description="Monday of the week from which the excess gathers: YYYY-MM-DD")
    ]
    lift: Annotated[float, Field(description="how many times as often as expected it comes back")]
    lift_low: Annotated[float, Field(description="lower end of its 90 % interval")]
    lift_high: Annotated[float, Field(description="upper end of its 90 % interval")]
    excess_units: Annotated[float, Field(description="units that came back beyond expectation")]
    stream: Annotated[Stream | None, Field(description="in which returns the excess shows")]
    probability: Annotated[float | None, Field(description="that the product has a problem")]
    cause: Annotated[str | None, Field(description="the reason most over-represented")]
    culprit_dimension: Annotated[
        Culprit | None, Field(description="what explains the excess: goods of one …; null: nothing")
    ]
    culprit_value: Annotated[str | None, Field(description="which one")]
    money_at_risk_minor: Annotated[
        int | None, Field(description="what the excess costs in 30 days, in minor units")
    ]
    currency: Annotated[str | None, Field(description="ISO 4217")]
    suggested_action: Annotated[SkuAction | None, Field(description="what the run suggests")]


class FlagStepView(Body):
    """One thing that happened to a flag."""

    step: Annotated[
        Literal["flagged", "acknowledged", "assigned", "action_taken", "dismissed", "cleared"],
        Field(description="what"),
    ]
    at: Annotated[datetime, Field(description="when")]
    by_role: Annotated[str, Field(description="who, by role")]
    by: Annotated[str | None, Field(description="who, by pseudonym; null of the pipeline")]
    owner: Annotated[str | None, Field(description="whose it became, where it was assigned")] = None
    action: Annotated[SkuAction | None, Field(description="what was done")] = None
    reason: Annotated[DismissalReason | None, Field(description="why it was dismissed")] = None
    note: Annotated[str | None, Field(description="the buyer's own words")] = None


class FlagStory(FlagView):
    """A flag and all that happened to it, the oldest first."""

    history: Annotated[list[FlagStepView], Field(description="the oldest first")]


class CommentView(Body):
    """What a customer wrote of a flagged product; nothing tells who it was."""

    kind: Annotated[
        Literal["comment", "complaint", "safety"],
        Field(description="a comment in a survey, a complaint, or a danger that was told of"),
    ]
    body: Annotated[str, Field(description="the words themselves")]
    language: Annotated[Language | None, Field(description="their language; null if not noted")]
    written_at: Annotated[datetime, Field(description="when they were written, in UTC")]
    csat: Annotated[
        int | None, Field(description="how the return was, 1 to 5; null outside a survey")
    ]
    reason: Annotated[
        str | None, Field(description="why the product went back; null where none was given")
    ]
