"""The shop's return policy: data with a version that every decision records, and how it judges a request.

Three promises hold whatever a shop writes into it. What the law grants is not undercut: within a regime's days no
rule declines, and the terms are at least the law's. What is the shop's fault is not declined: guarantees outlive
windows and exclusions. And only a rule that says so declines, by its name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator

from service.domain import details
from service.domain.clocks import Calendar, ClockName, end_of_day
from service.domain.countries import country_code, zones_of
from service.domain.events import RefundOn, RuleOutcome
from service.domain.money import in_figures
from service.domain.policy_sections import (
    Audit,
    Choices,
    Clocks,
    Consequence,
    Fees,
    GradeRow,
    Grades,
    Inspection,
    KeepItem,
    Methods,
    OutcomeChoices,
    RefundTerms,
    Regime,
    RiskTerms,
    Rules,
    Section,
    Survey,
    Window,
)
from service.domain.words import (
    BadOutcome,
    Choice,
    Disposition,
    Grade,
    Payer,
    Phrase,
    Reason,
)

RegimeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
RuleName = Literal["return_window", "exclusions", "value", "history", "evidence", "asked_again"]

# Why a rule stopped a request, for its customer; the outcome's detail is for staff and the record.
WHY: Mapping[RuleName, Phrase] = {
    "return_window": Phrase("The time for returning this is over."),
    "exclusions": Phrase("This cannot be returned unless something is wrong with it."),
    "value": Phrase("A return of this value is looked at by a person."),
    "history": Phrase("Your earlier returns make us look at this one more closely."),
    "evidence": Phrase("We need a photo to decide on this."),
    "asked_again": Phrase("You asked for this before, and a person was to decide: one does again."),
}
# Why a reviewer declined, by reason code.
WHY_DECLINED: Mapping[str, Phrase] = {
    "outside_policy": Phrase("It is outside our rules for returns."),
    "not_eligible": Phrase("These goods cannot be returned."),
    "evidence_insufficient": Phrase("What we know of it is not enough."),
    "already_refunded": Phrase("The money for it was paid back already."),
    "misuse": Phrase("It does not fit what returns are for."),
}
FLAGGED = Phrase(
    "Other customers found a defect in this product, too: with a photo of yours we can have its cause mended."
)
DEFECT: Reason = "defect"
_BY_NAME: Mapping[str, Phrase] = {str(rule): phrase for rule, phrase in WHY.items()}


def why(outcome: RuleOutcome) -> Phrase | None:
    """Why this outcome stopped a request, for its customer; None of a rule that is not known here."""
    if any(
        each.text == details.FLAGGED_WITHOUT_EVIDENCE.text for each in details.read(outcome.detail)
    ):
        return FLAGGED
    return _BY_NAME.get(outcome.rule)


class Policy(Section):
    """One version of the shop's rules. The file that it is read from has the same sections."""

    version: Annotated[
        str,
        Field(
            min_length=1,
            max_length=60,
            pattern=r"^[^\x00-\x1f\x7f]*$",
            description="its name; every decision records it, so give each change a new one",
        ),
    ]
    window: Window
    rules: Rules
    regimes: dict[RegimeName, Regime]
    fees: Fees
    refund: RefundTerms
    inspection: Inspection
    audit: Audit
    risk: RiskTerms
    keep_item: KeepItem
    clocks: Clocks
    grades: Grades
    outcome_choices: Annotated[Choices, Field(alias="choices")]
    methods: Methods
    survey: Survey

    @field_validator("regimes")
    @classmethod
    def _give_each_country_one_law(cls, regimes: dict[str, Regime]) -> dict[str, Regime]:
        law: dict[str, str] = {}
        for name, regime in regimes.items():
            for country in regime.countries:
                if law.setdefault(country, name) != name:
                    raise ValueError(
                        f"names {country} in both {law[country]} and {name}; each country has one law"
                    )
        return regimes

    @property
    def return_window(self) -> timedelta:
        """How long after delivery the shop's own window stays open."""
        return timedelta(days=self.window.days)

    @property
    def calendar(self) -> Calendar:
        """Which hours the clocks count."""
        clocks = self.clocks
        return Calendar(
            clocks.calendar,
            clocks.business_days,
            clocks.business_opens,
            clocks.business_closes,
            frozenset(clocks.business_holidays),
        )

    def regime_of(self, country: str | None) -> tuple[str, Regime] | None:
        """The regime, with its name, that holds for a country given by ISO code or name."""
        code = country_code(country)
        return next(
            (each for each in self.regimes.items() if code and code in each[1].countries), None
        )

    def hours(self, clock: ClockName) -> timedelta:
        """What a clock allows, in hours of the policy's calendar."""
        return self.clocks.hours.of(clock)

    def disposition(self, grade: Grade) -> Disposition:
        """Where goods of this grade go that passed."""
        return self._row(grade).disposition

    def offer_percent(self, grade: Grade | None) -> int:
        """What is offered for goods of this grade that failed; for ungraded ones nothing."""
        return self._row(grade).refund_percent if grade else 0

    def choices(self, outcome: BadOutcome) -> tuple[Choice, ...]:
        """What the customer may choose after a bad outcome. A dispute is open besides."""
        return self._choices_after(outcome).options

    def default_choice(self, outcome: BadOutcome, offer_minor: int) -> Choice:
        """What happens when the customer does not choose, and `offer_minor` is offered."""
        return self._choices_after(outcome).without_a_word(offer_minor)

    def may_keep(self, value_minor: int, currency: str, kept_within_a_year: int) -> bool:
        """Whether goods of this value need not come back, of a customer who kept so many before."""
        up_to_minor = self.keep_item.up_to_minor.get(currency, -1)
        return value_minor <= up_to_minor and kept_within_a_year < self.keep_item.max_per_year

    def _row(self, grade: Grade) -> GradeRow:
        row: GradeRow = getattr(self.grades, grade)
        return row

    def _choices_after(self, outcome: BadOutcome) -> OutcomeChoices:
        choices: OutcomeChoices = getattr(self.outcome_choices, outcome)
        return choices


# --- what the law grants -----------------------------------------------------------------------


def withdrawal_until(regime: Regime, last_delivery: datetime, zone: ZoneInfo) -> datetime:
    """The last moment for a withdrawal, in UTC: the end of the last day, the first one being that after delivery.

    `last_delivery` is of the parcel that the regime counts from, of the line or of the order.
    """
    delivered_on = last_delivery.astimezone(zone).date()
    return end_of_day(delivered_on + timedelta(days=regime.withdrawal_days), zone)


@dataclass(frozen=True, slots=True)
class Windows:
    """Until when a line may come back: as the law grants it (None: it does not), and at all. Last moments count."""

    granted_until: datetime | None
    until: datetime

    def is_granted(self, now: datetime) -> bool:
        """Whether the law lets the line come back now."""
        return self.granted_until is not None and now <= self.granted_until

    def is_open(self, now: datetime) -> bool:
        """Whether the law or the shop's own window lets it."""
        return now <= self.until


def windows(
    policy: Policy,
    country: str | None,
    exclusion: str | None,
    line_delivered_at: datetime,
    order_delivered_at: datetime,
    zone: ZoneInfo,
) -> Windows:
    """The windows of a line whose last parcel, and whose order's last good, came at these moments.

    Where some of the order has not come, its last good comes now at the earliest: give the present moment, so that a law
    that counts from the whole order keeps its window open. Nothing tells here that outstanding units will never come
    (cancelled, or paid back undelivered): such an order stays open. The law's days end with the day in the shop's zone
    or in the country's, whichever is later; of a country's several zones the last one counts.
    """
    own_until = line_delivered_at + policy.return_window
    found = policy.regime_of(country)
    if found is None or exclusion in found[1].exclusions:
        return Windows(None, own_until)
    counts_the_order = found[1].counted_from == "order_delivery"
    last = order_delivered_at if counts_the_order else line_delivered_at
    zones = {zone, *zones_of(country)}
    granted_until = max(withdrawal_until(found[1], last, each) for each in zones)
    return Windows(granted_until, max(own_until, granted_until))


# --- the terms of a return ---------------------------------------------------------------------


class NoRegime(ValueError):
    """A withdrawal needs a law that grants it, and the policy names none for this country."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one line: when the money goes back, and who bears what.

    The refund is due `refund_within` after the request (declaration), the goods' receipt, or the trigger `refund_on`;
    before the trigger it may be withheld. `regime` is the law that shaped the terms.
    """

    regime: str | None
    refund_on: RefundOn
    refund_within: timedelta
    refund_counts_from: Literal["request", "receipt", "trigger"]
    fee_percent: int
    return_freight_by: Payer
    refunds_outbound_shipping: bool
    may_deduct: bool


_EARLIEST_FIRST: tuple[RefundOn, ...] = get_args(RefundOn)


def terms(
    policy: Policy,
    country: str | None,
    kind: Literal["withdrawal", "return"],
    reason: str | None,
    *,
    within_regime: bool = True,
) -> Terms:
    """The terms of a withdrawal or of a return for a reason.

    A return of what the law grants at that moment (`within_regime`, which `Windows.is_granted` tells) is never on worse
    terms than a withdrawal would be. Raises `NoRegime`.
    """
    found = policy.regime_of(country)
    if kind == "withdrawal" and not found:
        raise NoRegime(f"no regime of policy {policy.version} grants a withdrawal in {country!r}")
    own = _own_terms(policy, reason)
    if not found or (kind == "return" and not within_regime):
        return own
    law = _terms_of_law(*found)
    return _better(law, own, is_fault=reason in policy.fees.shop_fault_reasons)


def _own_terms(policy: Policy, reason: str | None) -> Terms:
    fees = policy.fees
    is_fault = reason in fees.shop_fault_reasons
    return Terms(
        regime=None,
        refund_on=policy.refund.on,
        refund_within=timedelta(hours=policy.refund.within_hours),
        refund_counts_from="trigger",
        fee_percent=fees.restocking_percent if reason in fees.restocking_reasons else 0,
        return_freight_by="shop" if is_fault else fees.return_freight_by,
        refunds_outbound_shipping=is_fault,
        may_deduct=False,
    )


def _terms_of_law(name: str, regime: Regime) -> Terms:
    from_declaration = regime.refund_counts_from == "declaration"
    return Terms(
        regime=name,
        refund_on=regime.refund_on,
        refund_within=timedelta(days=regime.refund_within_days),
        refund_counts_from="request" if from_declaration else "receipt",
        fee_percent=0,
        return_freight_by=regime.return_freight_by,
        refunds_outbound_shipping=regime.refunds_outbound_shipping,
        may_deduct=regime.may_deduct_diminished_value,
    )


def _better(law: Terms, own: Terms, *, is_fault: bool) -> Terms:
    """The law's terms, with what the shop's own do better for the customer."""
    shop_pays = "shop" in (law.return_freight_by, own.return_freight_by)
    return replace(
        law,
        refund_on=min(law.refund_on, own.refund_on, key=_EARLIEST_FIRST.index),
        return_freight_by="shop" if shop_pays else "customer",
        refunds_outbound_shipping=law.refunds_outbound_shipping or own.refunds_outbound_shipping,
        may_deduct=law.may_deduct and not is_fault,
    )


# --- judging a request -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestLine:
    """Units of an order line that are to come back. `delivered_at` is that of the line's last parcel.

    `evidence` counts the photos and the like; `value_minor` is of these units. `is_flagged`: the product, or the batch
    that was sold, stands as defective. `is_asked_again`: a person declined units of it, or was to decide when they were
    given up.
    """

    line_no: int
    sku: str
    quantity: int
    reason: str
    value_minor: int
    delivered_at: datetime
    exclusion: str | None
    evidence: int
    is_flagged: bool = False
    is_asked_again: bool = False


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """What is known of a customer at the moment of the request, which is not counted itself.

    `returns_in_window` are those within `rules.history.within_days`, `failed_inspections` within `failed_within_days`.
    """

    orders: int
    returns_in_window: int
    returns: int
    failed_inspections: int
    first_order_at: datetime | None


@dataclass(frozen=True, slots=True)
class Request:
    """A return that is asked for: all that the rules look at.

    `order_delivered_at` is that of the order's last parcel, where it may be a later one than those of the lines; `now`
    where some of the order is still to come.
    """

    country: str | None
    currency: str
    lines: tuple[RequestLine, ...]
    history: CustomerHistory
    now: datetime
    zone: ZoneInfo
    order_delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say together. `declined_by` is the first rule that declines."""

    verdict: Literal["pass", "review", "decline"]
    outcomes: tuple[RuleOutcome, ...]
    declined_by: str | None


@dataclass(frozen=True, slots=True)
class _Finding:
    outcome: RuleOutcome
    if_failed: Consequence = "review"


def judge(policy: Policy, request: Request) -> Judgement:
    """What the policy says of a request: each rule's outcome, and pass, review or decline.

    A request with a line that the law grants or that is the shop's fault is not declined: it goes to a person.
    """
    lines = [(line, _windows_of(policy, request, line)) for line in request.lines]
    findings = [
        *_window(policy, lines, request.now),
        _exclusions(policy, lines, request.now),
        _value(policy, request),
        _history(policy, request.history),
        _evidence(policy, request.lines),
        _asked_again(request.lines),
    ]
    failed = [each for each in findings if not each.outcome.passed]
    hard = [each.outcome.rule for each in failed if each.if_failed == "decline"]
    declined_by = hard[0] if hard and _may_be_declined(policy, lines, request.now) else None
    return Judgement(
        "decline" if declined_by else "review" if failed else "pass",
        tuple(each.outcome for each in findings),
        declined_by,
    )


_Lines = Sequence[tuple[RequestLine, Windows]]


def _windows_of(policy: Policy, request: Request, line: RequestLine) -> Windows:
    deliveries = [each.delivered_at for each in request.lines]
    return windows(
        policy,
        request.country,
        line.exclusion,
        line.delivered_at,
        max(filter(None, [*deliveries, request.order_delivered_at])),
        request.zone,
    )


def _may_be_declined(policy: Policy, lines: _Lines, now: datetime) -> bool:
    faults = policy.fees.shop_fault_reasons
    return not any(line.reason in faults or open_.is_granted(now) for line, open_ in lines)


def _window(policy: Policy, lines: _Lines, now: datetime) -> Iterator[_Finding]:
    """Lines of the same parcel share one outcome."""
    for delivered_at, until in sorted({(line.delivered_at, open_.until) for line, open_ in lines}):
        yield _Finding(_window_outcome(delivered_at, until, now), policy.window.late)


def _window_outcome(delivered_at: datetime, until: datetime, now: datetime) -> RuleOutcome:
    moments = {"delivered": f"{delivered_at:%Y-%m-%d}", "until": f"{until:%Y-%m-%d %H:%M}"}
    return _outcome("return_window", now <= until, Phrase(details.DELIVERED.text, moments))


def _exclusions(policy: Policy, lines: _Lines, now: datetime) -> _Finding:
    rule = policy.rules.exclusions
    excluded = [
        Phrase(details.EXCLUDED.text, {"line_no": line.line_no, "exclusion": line.exclusion})
        for line, open_ in lines
        if line.exclusion in rule.kinds and not open_.is_granted(now)
    ]
    found = excluded or [details.NOTHING_EXCLUDED]
    return _Finding(_outcome("exclusions", not excluded, *found), rule.when_failed)


def _value(policy: Policy, request: Request) -> _Finding:
    value_minor = sum(line.value_minor for line in request.lines)
    up_to_minor = policy.rules.value.auto_up_to_minor.get(request.currency)
    asked = in_figures(value_minor, request.currency)
    if up_to_minor is None:
        figures = {"asked": asked, "currency": request.currency}
        return _Finding(_outcome("value", False, Phrase(details.NO_AMOUNT.text, figures)))
    figures = {"asked": asked, "limit": in_figures(up_to_minor, request.currency)}
    found = Phrase(details.UP_TO.text, figures)
    return _Finding(_outcome("value", value_minor <= up_to_minor, found))


def _history(policy: Policy, history: CustomerHistory) -> _Finding:
    rule = policy.rules.history
    returns, failed = history.returns_in_window + 1, history.failed_inspections
    passed = returns <= rule.max_returns and failed <= rule.max_failed_inspections
    figures = {
        "returns": returns,
        "most": rule.max_returns,
        "days": rule.within_days,
        "failed": failed,
        "most_failed": rule.max_failed_inspections,
        "failed_days": rule.failed_within_days,
    }
    found = Phrase(details.EARLIER_RETURNS.text, figures)
    return _Finding(_outcome("history", passed, found), rule.when_failed)


def _evidence(policy: Policy, lines: Iterable[RequestLine]) -> _Finding:
    missing = [
        Phrase(_without_evidence(policy, line), {"line_no": line.line_no, "reason": line.reason})
        for line in lines
        if line.reason in evidence_reasons(policy, line.is_flagged) and not line.evidence
    ]
    found = missing or [details.NO_EVIDENCE_MISSING]
    return _Finding(_outcome("evidence", not missing, *found))


def _asked_again(lines: Iterable[RequestLine]) -> _Finding:
    """What was before a person goes to one again, whatever the policy says: else a lot that is drawn often enough undoes
    any decline.
    """
    found = [
        Phrase(details.ASKED_AGAIN.text, {"line_no": line.line_no})
        for line in lines
        if line.is_asked_again
    ]
    return _Finding(_outcome("asked_again", not found, *(found or [details.FIRST_ASKED])))


def _without_evidence(policy: Policy, line: RequestLine) -> str:
    is_always_wanted = line.reason in policy.rules.evidence.reasons
    found = details.WITHOUT_EVIDENCE if is_always_wanted else details.FLAGGED_WITHOUT_EVIDENCE
    return found.text


def evidence_reasons(policy: Policy, is_flagged: bool) -> tuple[Reason, ...]:
    """The reasons that need a photo, of a product that stands as defective or of another."""
    rule = policy.rules.evidence
    if not (is_flagged and rule.flagged_defects) or DEFECT in rule.reasons:
        return rule.reasons
    return (*rule.reasons, DEFECT)


def _outcome(rule: RuleName, passed: bool, *found: Phrase) -> RuleOutcome:
    return RuleOutcome(rule=rule, passed=passed, detail=details.recorded(*found))
