"""The sections of a policy file: their fields, what each means, and what it may hold."""

from datetime import date, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from service.domain.clocks import CalendarKind, ClockName, Weekday
from service.domain.countries import country_code
from service.domain.events import Currency, InspectionDepth, Minor, RefundOn
from service.domain.words import Choice, Disposition, Exclusion, Method, Payer, Reason

Consequence = Literal["review", "decline"]
Days = Annotated[int, Field(ge=0, le=3650)]
Hours = Annotated[int, Field(ge=1, le=8760)]  # a year
Percent = Annotated[int, Field(ge=0, le=100)]
Times = Annotated[int, Field(ge=0, le=100_000)]
Share = Annotated[float, Field(ge=0, le=1)]
Cap = Annotated[float, Field(gt=0, lt=1)]  # nothing that is observed proves a rate of nothing
PerCurrency = Annotated[dict[Currency, Minor], Field(description="minor units by ISO 4217 code")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]

# TOML has arrays only: they become tuples, while what stands in them stays strict.
_ARRAY = Field(strict=False)
Reasons = Annotated[tuple[Reason, ...], _ARRAY]
Exclusions = Annotated[tuple[Exclusion, ...], _ARRAY]


class Section(BaseModel):
    """A part of a policy: strict, closed, unchangeable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Window(Section):
    """The shop's own voluntary return window, counted from the delivery of the line's last parcel."""

    days: Annotated[Days, Field(description="days after delivery; the last moment still counts")]
    late: Annotated[Consequence, Field(description="what becomes of a request that comes later")]


class ValueRule(Section):
    """Up to which value a request passes by itself; above it, and in other currencies, a person decides."""

    auto_up_to_minor: PerCurrency


class HistoryRule(Section):
    """What a customer's earlier returns may look like for a request to pass by itself."""

    max_returns: Annotated[Times, Field(description="this one included, within `within_days`")]
    within_days: Annotated[Days, Field(description="how far back returns are counted")]
    max_failed_inspections: Annotated[
        Times, Field(description="inspections that failed, within `failed_within_days`")
    ]
    failed_within_days: Annotated[Days, Field(description="how far back those are counted")]
    when_failed: Annotated[Consequence, Field(description="what becomes of the request")]


class EvidenceRule(Section):
    """Reasons that want a photo; a request without one goes to a person."""

    reasons: Annotated[Reasons, Field(description="each line with such a reason needs evidence")]
    flagged_defects: Annotated[
        bool,
        Field(
            description="whether a defect needs evidence where its product, or the batch sold, is flagged as defective"
        ),
    ]


class ExclusionRule(Section):
    """What cannot be returned without a fault, because the customer agreed to that with the purchase."""

    kinds: Annotated[Exclusions, Field(description="the kinds that this shop excludes")]
    when_failed: Annotated[Consequence, Field(description="what becomes of the request")]


class Rules(Section):
    """The rules that judge a request, beside the return window."""

    value: ValueRule
    history: HistoryRule
    evidence: EvidenceRule
    exclusions: ExclusionRule


def _known_country(code: str) -> str:
    if country_code(code) != code:
        raise ValueError(
            f'is "{code}", which is no country; write its two capital letters of ISO 3166, such as DE'
        )
    return code


class Regime(Section):
    """A right that the law gives: its shop can add to it, and take nothing away. It knows no fee."""

    countries: Annotated[
        tuple[Annotated[str, AfterValidator(_known_country)], ...],
        _ARRAY,
        Field(min_length=1, description="ISO 3166 codes of the countries in which it holds"),
    ]
    withdrawal_days: Annotated[
        int,
        Field(
            ge=1,
            le=365,
            description="days after the day of delivery, to the last one's end in the shop's zone, or in the customer's "
            "country where that is later",
        ),
    ]
    counted_from: Annotated[
        Literal["line_delivery", "order_delivery"],
        Field(
            description="the last parcel of the line, or that of the whole order; while some of that is still to come, "
            "the days have not begun"
        ),
    ]
    exclusions: Annotated[Exclusions, Field(description="the exclusions that the law knows")]
    refund_on: Annotated[
        Literal["authorized", "first_scan", "received"],
        Field(description="until when the refund may be withheld; never until an inspection"),
    ]
    refund_within_days: Annotated[int, Field(ge=1, le=365, description="the latest refund")]
    refund_counts_from: Annotated[
        Literal["receipt", "declaration"], Field(description="what those days are counted from")
    ]
    refunds_outbound_shipping: Annotated[
        bool, Field(description="whether what the delivery cost goes back too")
    ]
    return_freight_by: Annotated[Payer, Field(description="who pays for sending back")]
    may_deduct_diminished_value: Annotated[
        bool, Field(description="whether wear beyond trying on may be deducted")
    ]


class Fees(Section):
    """Who bears what outside the law's regimes."""

    restocking_percent: Annotated[Percent, Field(description="of the goods' price")]
    restocking_reasons: Annotated[Reasons, Field(description="the reasons that it is kept for")]
    shop_fault_reasons: Annotated[
        Reasons,
        Field(description="no fee, freight and outbound shipping are the shop's, never declined"),
    ]
    return_freight_by: Annotated[Payer, Field(description="who pays for sending the rest back")]

    @field_validator("shop_fault_reasons")
    @classmethod
    def _costs_the_customer_nothing(
        cls, reasons: tuple[Reason, ...], info: ValidationInfo
    ) -> tuple[Reason, ...]:
        if both := [each for each in reasons if each in info.data.get("restocking_reasons", ())]:
            raise ValueError(
                f"names {', '.join(both)}, for which restocking_reasons has a fee; "
                "name each reason in one of them"
            )
        return reasons


class RefundTerms(Section):
    """When the money goes back outside the law's regimes."""

    on: Annotated[RefundOn, Field(description="what sets it off")]
    within_hours: Annotated[
        Hours,
        Field(
            description="the latest refund after that, in hours of every day; the customer is told"
        ),
    ]


class Inspection(Section):
    """How returned goods are looked at."""

    default: Annotated[InspectionDepth, Field(description="where nothing asks for more")]


class Audit(Section):
    """A random share is let pass and inspected in full, so that approvals are not taken for truth."""

    share: Annotated[Share, Field(description="of what passes where a certified model decides")]
    bootstrap_share: Annotated[
        Share, Field(description="of all that keeps the rules, of whatever value, where none does")
    ]
    blind_share: Annotated[
        Share,
        Field(description="of what a model would let pass, judged by a person who is not told"),
    ]
    unexplained_share: Annotated[
        Share, Field(description="of what a model sends to a person, shown without its reasons")
    ]
    doubt_share: Annotated[
        Share,
        Field(description="of what a model would send to a person, let pass to learn from"),
    ]


class EarlyRefund(Section):
    """Money before the inspection, for the trusted."""

    allowed: Annotated[bool, Field(description="whether the risk model may pay early")]
    on: Annotated[
        Literal["authorized", "first_scan", "received"],
        Field(description="what sets it off; never later than what holds for everybody"),
    ]
    abuse_cap: Annotated[Cap, Field(description="of those who are paid early")]


class BasicInspection(Section):
    """Which of the requests that the risk model lets pass are not inspected in full."""

    abuse_cap: Annotated[Cap, Field(description="of those that are inspected basically")]


class Links(Section):
    """With how many other customers at most a customer may share something, for a model to let their request pass."""

    address: Annotated[Times, Field(description="other customers at an address of theirs")]
    device: Annotated[Times, Field(description="other customers with a device of theirs")]
    phone: Annotated[Times, Field(description="other customers with a phone of theirs")]
    payment: Annotated[Times, Field(description="other customers with a payment means of theirs")]

    def by_feature(self) -> dict[str, int]:
        """The limits by the names of the features that count those customers."""
        return {f"same_{name}": getattr(self, name) for name in type(self).model_fields}


class RiskTerms(Section):
    """What the risk model may do, and what its decisions cost."""

    unscored_up_to_minor: Annotated[
        PerCurrency, Field(description="what passes by itself where no certified model decides")
    ]
    abuse_cap: Annotated[Cap, Field(description="of what passes by itself, by count")]
    amount_cap: Annotated[Cap, Field(description="of what passes by itself, by money")]
    confidence: Annotated[
        float, Field(ge=0.5, lt=1, description="with which a model's past must prove the caps")
    ]
    loss_share: Annotated[Share, Field(description="of an abusive return's value")]
    review_minutes: Annotated[float, Field(ge=0, le=1440, description="that a review takes")]
    review_minute_minor: PerCurrency
    delay_day_minor: PerCurrency
    max_reviews_a_day: Annotated[Times, Field(description="that reviewers can do")]
    drift_limit: Annotated[
        float, Field(gt=0, le=100, description="population stability index of the scores")
    ]
    if_suspended: Annotated[
        Literal["rules", "review"], Field(description="what decides while a model is suspended")
    ]
    answer_within_ms: Annotated[
        int, Field(ge=1, le=10_000, description="a later answer goes to a person")
    ]
    links: Links
    early_refund: EarlyRefund
    basic_inspection: BasicInspection


class KeepItem(Section):
    """Refunds for which the goods need not come back."""

    up_to_minor: PerCurrency
    max_per_year: Annotated[Times, Field(description="for one customer")]


class ClockHours(Section):
    """How long each step may take."""

    review: Annotated[Hours, Field(description="a reviewer decides")]
    escalation: Annotated[Hours, Field(description="what was escalated is decided")]
    evidence: Annotated[Hours, Field(description="the customer sends what was asked for")]
    appeal: Annotated[Hours, Field(description="a declined customer may appeal")]
    ship_by: Annotated[Hours, Field(description="the customer sends the goods")]
    transit: Annotated[Hours, Field(description="a parcel is under way before it is searched for")]
    search: Annotated[Hours, Field(description="the carrier finds it, or it is lost")]
    inspection: Annotated[Hours, Field(description="the warehouse inspects what arrived")]
    choice: Annotated[Hours, Field(description="the customer chooses what becomes of failed goods")]
    send_back: Annotated[Hours, Field(description="the warehouse sends such goods back")]
    refund: Annotated[Hours, Field(description="a refund is paid for which nothing was promised")]
    case: Annotated[Hours, Field(description="after-sales closes a case")]
    first_response: Annotated[Hours, Field(description="a message is answered")]
    survey_reminder: Annotated[Hours, Field(description="a silent customer is reminded once")]

    def of(self, clock: ClockName) -> timedelta:
        """What this clock allows."""
        allowed: int = getattr(self, clock)
        return timedelta(hours=allowed)


class Clocks(Section):
    """Which hours count, and how many of them each step may take."""

    calendar: Annotated[
        CalendarKind, Field(description="every hour, or only those in which the shop works")
    ]
    business_days: Annotated[
        tuple[Weekday, ...],
        _ARRAY,
        Field(min_length=1, description="the days on which the shop works"),
    ]
    business_holidays: Annotated[
        tuple[date, ...],
        _ARRAY,
        Field(description="days on which it does not, such as [2026-12-25, 2026-12-26]"),
    ]
    business_opens: Annotated[time, Field(description="in the shop's zone, such as 09:00:00")]
    business_closes: Annotated[time, Field(description="in the shop's zone, such as 18:00:00")]
    warn_at: Annotated[
        float, Field(gt=0, lt=1, description="the share of a clock after which its owner is warned")
    ]
    hours: ClockHours

    @field_validator("business_closes")
    @classmethod
    def _closes_after_it_opens(cls, closes: time, info: ValidationInfo) -> time:
        opens = info.data.get("business_opens")
        if opens is not None and closes <= opens:
            raise ValueError(f"is {closes}, but business_opens is {opens}; close later")
        return closes


class GradeRow(Section):
    """What becomes of goods of one grade."""

    disposition: Annotated[Disposition, Field(description="where goods go that passed")]
    refund_percent: Annotated[Percent, Field(description="what is offered where they failed")]


class Grades(Section):
    """From A, as new, to D, worthless."""

    A: GradeRow
    B: GradeRow
    C: GradeRow
    D: GradeRow


class OutcomeChoices(Section):
    """What a customer may choose after one bad outcome, and what happens without a word."""

    options: Annotated[tuple[Choice, ...], _ARRAY, Field(min_length=1, description="open to them")]
    default: Annotated[Choice, Field(description="what happens when the time to choose is over")]
    default_without_offer: Annotated[
        Choice | None,
        Field(validate_default=True, description="instead of a partial refund of nothing"),
    ] = None

    @field_validator("default", "default_without_offer")
    @classmethod
    def _is_an_option(cls, choice: Choice | None, info: ValidationInfo) -> Choice | None:
        options = info.data.get("options", (choice,))
        if choice is not None and choice not in options:
            raise ValueError(f'is "{choice}", which is not among its options {", ".join(options)}')
        return choice

    @field_validator("default_without_offer")
    @classmethod
    def _is_there_when_needed(cls, choice: Choice | None, info: ValidationInfo) -> Choice | None:
        needed = info.data.get("default") == "partial_refund"
        if needed and choice in (None, "partial_refund"):
            raise ValueError("must name another option: there may be nothing to refund in part")
        return choice

    def without_a_word(self, offer_minor: int) -> Choice:
        """What happens when the customer does not choose, and `offer_minor` is offered."""
        if self.default == "partial_refund" and not offer_minor:
            return self.default_without_offer or self.default
        return self.default


class Choices(Section):
    """What follows on each bad outcome of an inspection."""

    failed: OutcomeChoices
    wrong_item: OutcomeChoices
    short: OutcomeChoices
    empty: OutcomeChoices
    unexpected: OutcomeChoices


class Methods(Section):
    """How goods come back, and to where."""

    allowed: Annotated[
        tuple[Method, ...], _ARRAY, Field(min_length=1, description="open to customers")
    ]
    return_address: Annotated[
        tuple[Line, ...], _ARRAY, Field(min_length=1, description="as it is written on a parcel")
    ]


class Survey(Section):
    """What follows on a customer's answer."""

    low_score: Annotated[
        int, Field(ge=1, le=5, description="up to which of five an answer opens a case")
    ]
