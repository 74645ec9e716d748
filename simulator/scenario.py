"""What a practice shop is like: every figure that its play follows, with the range that makes sense of it.

A scenario file says what differs from the usual shop; `simulator/scenarios/usual.toml` says all of it, with comments.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0.01, le=100)]
Hours = Annotated[float, Field(ge=0, le=1000)]
Hour = Annotated[int, Field(ge=0, le=24)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Archetype = Literal[
    "worn",
    "swapped",
    "empty_box",
    "short_count",
    "not_received",
    "false_defect",
    "ring",
    "keep_item",
]
_USUAL_ARCHETYPES: dict[Archetype, float] = {
    "worn": 3.0,
    "swapped": 1.5,
    "empty_box": 1.0,
    "short_count": 1.0,
    "not_received": 1.0,
    "false_defect": 2.0,
    "ring": 1.5,
    "keep_item": 0.8,
}


class Section(BaseModel):
    """A section of a scenario: closed, unchangeable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Shop(Section):
    """What is sold, where to."""

    products: Annotated[int, Field(ge=20, le=1_000_000)] = 480
    countries: Annotated[dict[Country, Factor], Field(min_length=1, max_length=50)] = Field(
        default_factory=lambda: {
            "CN": 30.0,
            "DE": 22.0,
            "FR": 12.0,
            "NL": 8.0,
            "US": 18.0,
            "GB": 10.0,
        }
    )


class Demand(Section):
    """How much is bought, and when."""

    weekend_factor: Factor = 1.25
    yearly_growth: Annotated[float, Field(ge=-0.9, le=10)] = 0.3
    new_customer_share: Share = 0.16
    promotions_a_year: Annotated[int, Field(ge=0, le=52)] = 8
    promotion_days: Annotated[int, Field(ge=1, le=60)] = 5
    promotion_lift: Factor = 1.8
    promotion_discount: Share = 0.2
    stock_out_share: Share = 0.02
    delivery_late_share: Share = 0.04
    never_delivered_share: Share = 0.003


class Returns(Section):
    """How honest customers return."""

    rate_factor: Factor = 1.0
    withdrawal_share: Share = 0.25
    wrong_reason_share: Share = 0.33
    never_sent_share: Share = 0.04
    cancelled_share: Share = 0.03
    lost_share: Share = 0.008
    unreadable_label_share: Share = 0.012
    survey_answer_share: Share = 0.35
    complaint_share: Share = 0.04
    second_look_share: Share = 0.2


class Abuse(Section):
    """How many returns are abusive, and which archetypes there are, by weight.

    `late` is not there before `late_from` (a share of the time played); `adapting` learns from what gets through.
    """

    share: Annotated[float, Field(ge=0, le=0.5)] = 0.09
    archetypes: Annotated[
        dict[Archetype, Annotated[float, Field(ge=0, le=100)]], Field(min_length=1)
    ] = Field(default_factory=_USUAL_ARCHETYPES.copy)
    late: Archetype | None = None
    late_from: Share = 0.6
    adapting: Archetype | None = "swapped"

    @model_validator(mode="after")
    def _has_somebody(self) -> Self:
        if self.share and not any(self.archetypes.values()):
            raise ValueError(
                "abuse.archetypes weighs every archetype 0; give one more than 0, or set share = 0"
            )
        return self


class Faults(Section):
    """Planted faults of products, and what only looks like one; shares of all products."""

    faulty_share: Share = 0.03
    multiplier_low: Annotated[float, Field(ge=1, le=20)] = 1.6
    multiplier_high: Annotated[float, Field(ge=1, le=20)] = 3.5
    ending_share: Share = 0.25
    always_high_share: Share = 0.02
    launched_share: Share = 0.08
    shocks_a_year: Annotated[int, Field(ge=0, le=50)] = 3
    shock_factor: Factor = 1.5

    @model_validator(mode="after")
    def _has_an_order(self) -> Self:
        if self.multiplier_low > self.multiplier_high:
            raise ValueError("faults.multiplier_low is more than multiplier_high; swap them")
        return self


class Staff(Section):
    """Who works, when, how fast and how strictly."""

    reviewers: Annotated[int, Field(ge=1, le=1000)] = 4
    inspectors: Annotated[int, Field(ge=1, le=1000)] = 4
    after_sales: Annotated[int, Field(ge=1, le=1000)] = 3
    opens: Hour = 8
    closes: Hour = 20
    weekend_share: Share = 0.5
    review_hours: Hours = 2.5
    inspection_hours: Hours = 1.5
    case_hours: Hours = 7.0
    slow_share: Share = 0.06
    wrong_grade_share: Share = 0.03

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("staff.opens must be before staff.closes")
        return self


class Trial(Section):
    """A policy that the shop tries for a while: money back at once, small things stay, photos of damage, nothing after the window."""

    starts: Share = 0.45
    days: Annotated[int, Field(ge=0, le=365)] = 21
    keep_up_to_minor: Annotated[int, Field(ge=0, le=1_000_000)] = 1500


class Scenario(Section):
    """A practice shop's character. Amounts of time are hours, shares lie between 0 and 1."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")] = "usual"
    shop: Shop = Field(default_factory=Shop)
    demand: Demand = Field(default_factory=Demand)
    returns: Returns = Field(default_factory=Returns)
    abuse: Abuse = Field(default_factory=Abuse)
    faults: Faults = Field(default_factory=Faults)
    staff: Staff = Field(default_factory=Staff)
    trial: Trial = Field(default_factory=Trial)
