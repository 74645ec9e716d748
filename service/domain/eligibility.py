"""What may come back, until when, and under which conditions: what a customer is told before applying."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from service.domain.clocks import CalendarKind
from service.domain.events import RefundOn
from service.domain.policy import (
    DEFECT,
    FLAGGED,
    Policy,
    Terms,
    Windows,
    evidence_reasons,
    terms,
    windows,
)
from service.domain.words import Payer, Phrase, Reason

WayKind = Literal["withdrawal", "return", "review"]
REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line of an order: units bought, delivered and in returns already, and when its last parcel came.

    `is_flagged`: its product, or the batch that was sold, stands as defective.
    """

    line_no: int
    sku: str
    quantity: int
    delivered: int
    in_returns: int
    last_delivered_at: datetime | None
    exclusion: str | None
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One way to send units back: a `withdrawal` by law, a `return` under the shop's rules, or one on which a person
    decides (`review`).

    It is open for `reasons` (a withdrawal asks for none) until `until` (None: without an end). Fee, freight and refund
    are those of its dearest reason; what is the shop's fault costs nothing. `conditions` say it all in words, and
    `regime` is the law that shaped the terms.
    """

    kind: WayKind
    regime: str | None
    until: datetime | None
    reasons: tuple[Reason, ...]
    evidence_reasons: tuple[Reason, ...]
    fee_percent: int
    return_freight_by: Payer
    refund_on: RefundOn
    latest_refund: Phrase
    conditions: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class LineEligibility:
    """Units of a line that can come back, and how. `why_not` says why nothing can, or nothing without a fault."""

    line_no: int
    sku: str
    units: int
    ways: tuple[Way, ...]
    why_not: Phrase | None


_EXCLUDED: Mapping[str, Phrase] = {
    "custom_made": Phrase("This was made to your order, so it cannot be returned."),
    "perishable": Phrase("This spoils quickly, so it cannot be returned."),
    "unsealed_hygiene": Phrase("For hygiene this cannot be returned once its seal is broken."),
    "unsealed_digital": Phrase("Digital content cannot be returned once it is unsealed or loaded."),
    "periodical": Phrase("Newspapers and magazines cannot be returned."),
    "final_sale": Phrase("This was a final sale, so it cannot be returned."),
}
# By what the refund waits for; see `Terms`.
_AFTER_TRIGGER: Mapping[RefundOn, Phrase] = {
    "authorized": Phrase(
        "Your money comes back at the latest {hours} hours after the return is approved."
    ),
    "first_scan": Phrase(
        "Your money comes back at the latest {hours} hours after the carrier has taken the goods."
    ),
    "received": Phrase(
        "Your money comes back at the latest {hours} hours after the goods have reached us."
    ),
    "inspected": Phrase(
        "Your money comes back at the latest {hours} hours after we have checked the goods."
    ),
}
_AFTER_REQUEST: Mapping[RefundOn, Phrase] = {
    "authorized": Phrase("Your money comes back at the latest {days} days after you tell us."),
    "first_scan": Phrase(
        "Your money comes back at the latest {days} days after you tell us, but not before the goods, "
        "or a proof that you sent them, have reached us."
    ),
    "received": Phrase(
        "Your money comes back at the latest {days} days after you tell us, but not before the goods have reached us."
    ),
}
_AFTER_RECEIPT = Phrase(
    "Your money comes back at the latest {days} days after the goods have reached us."
)
_DECIDES: Mapping[CalendarKind, Phrase] = {
    "calendar": Phrase("A person looks at it and decides within {hours} hours."),
    "business": Phrase("A person looks at it and decides within {hours} working hours."),
}


def eligibility(
    policy: Policy,
    country: str | None,
    zone: ZoneInfo,
    lines: Sequence[OrderedLine],
    now: datetime,
) -> list[LineEligibility]:
    """What of an order may come back now, line by line; `lines` are all of the order's.

    A customer's history and the value may still send a return to a person. While units are outstanding, a way that the
    law counts from the whole order is open at least until the moment that is told (see `windows`).
    """
    delivered = [line.last_delivered_at for line in lines if line.last_delivered_at]
    is_complete = all(line.delivered >= line.quantity for line in lines)
    last_good = max(delivered, default=now) if is_complete else now
    return [_line(policy, country, zone, line, last_good, now) for line in lines]


def _nothing_there(line: OrderedLine) -> Phrase:
    if line.delivered:
        return Phrase("All of this is in a return already.")
    return Phrase("This has not been delivered yet.")


def _line(
    policy: Policy,
    country: str | None,
    zone: ZoneInfo,
    line: OrderedLine,
    last_good: datetime,
    now: datetime,
) -> LineEligibility:
    units = max(0, line.delivered - line.in_returns)
    if not units or line.last_delivered_at is None:
        return LineEligibility(line.line_no, line.sku, 0, (), _nothing_there(line))
    open_ = windows(policy, country, line.exclusion, line.last_delivered_at, last_good, zone)
    bar = _bar(policy, line, open_, now)
    ways = [
        *_withdrawal(policy, country, open_, now),
        *(
            _review(policy, country, line, bar)
            if bar
            else _return(policy, country, line, open_, now)
        ),
    ]
    why_not = bar.why if bar and bar.is_hard else None
    return LineEligibility(line.line_no, line.sku, units, tuple(ways), why_not)


@dataclass(frozen=True, slots=True)
class _Bar:
    """What keeps a line from passing by itself. A hard one declines what is not the shop's fault."""

    why: Phrase
    is_hard: bool


def _bar(policy: Policy, line: OrderedLine, open_: Windows, now: datetime) -> _Bar | None:
    rule = policy.rules.exclusions
    bars = []
    if line.exclusion in rule.kinds and not open_.is_granted(now):
        bars.append(_Bar(_EXCLUDED[line.exclusion], rule.when_failed == "decline"))
    if not open_.is_open(now):
        over = Phrase("The time for returning this ended on {until}.", {"until": open_.until})
        bars.append(_Bar(over, policy.window.late == "decline"))
    return next((bar for bar in bars if bar.is_hard), bars[0] if bars else None)


def _withdrawal(
    policy: Policy, country: str | None, open_: Windows, now: datetime
) -> Iterator[Way]:
    if open_.is_granted(now):
        granted = terms(policy, country, "withdrawal", None)
        conditions = tuple(_costs(granted))
        yield _way("withdrawal", granted, open_.granted_until, REASONS, (), conditions)


def _return(
    policy: Policy, country: str | None, line: OrderedLine, open_: Windows, now: datetime
) -> Iterator[Way]:
    """What the shop excludes and the law grants all the same is open only as long as the law says."""
    granted = open_.is_granted(now)
    is_law_alone = line.exclusion in policy.rules.exclusions.kinds
    until = open_.granted_until if is_law_alone else open_.until
    own = terms(policy, country, "return", _dearest_reason(policy), within_regime=granted)
    wanted = evidence_reasons(policy, line.is_flagged)
    conditions = (*_costs(own), *_faults(policy), *_photos(policy, line, wanted))
    yield _way("return", own, until, REASONS, wanted, conditions)


def _review(policy: Policy, country: str | None, line: OrderedLine, bar: _Bar) -> Iterator[Way]:
    """What the rules do not pass goes to a person, unless a hard one declines it; the shop's faults always do."""
    faults = policy.fees.shop_fault_reasons
    reasons = faults if bar.is_hard else REASONS
    if not reasons:
        return
    reason = reasons[0] if bar.is_hard else _dearest_reason(policy)
    own = terms(policy, country, "return", reason, within_regime=False)
    needed = evidence_reasons(policy, line.is_flagged)
    wanted = tuple(each for each in needed if each in reasons)
    by_hours = policy.hours("review") // timedelta(hours=1)
    conditions = (
        replace(_DECIDES[policy.calendar.kind], parts={"hours": by_hours}),
        *_costs(own),
        *(() if bar.is_hard else _faults(policy)),
        *_photos(policy, line, wanted),
    )
    yield _way("review", own, None, reasons, wanted, conditions)


def _dearest_reason(policy: Policy) -> Reason | None:
    return next(iter(policy.fees.restocking_reasons), None)


def _way(
    kind: WayKind,
    agreed: Terms,
    until: datetime | None,
    reasons: tuple[Reason, ...],
    evidence_reasons: tuple[Reason, ...],
    conditions: tuple[Phrase, ...],
) -> Way:
    return Way(
        kind=kind,
        regime=agreed.regime,
        until=until,
        reasons=reasons,
        evidence_reasons=evidence_reasons,
        fee_percent=agreed.fee_percent,
        return_freight_by=agreed.return_freight_by,
        refund_on=agreed.refund_on,
        latest_refund=latest_refund(agreed),
        conditions=conditions,
    )


def latest_refund(agreed: Terms) -> Phrase:
    """The latest refund under these terms, in words."""
    if agreed.refund_counts_from == "trigger":
        hours = agreed.refund_within // timedelta(hours=1)
        return replace(_AFTER_TRIGGER[agreed.refund_on], parts={"hours": hours})
    days = {"days": agreed.refund_within.days}
    if agreed.refund_counts_from == "receipt":
        return replace(_AFTER_RECEIPT, parts=days)
    return replace(_AFTER_REQUEST[agreed.refund_on], parts=days)


def _costs(agreed: Terms) -> Iterator[Phrase]:
    if agreed.return_freight_by == "shop":
        yield Phrase("We pay for sending it back.")
    else:
        yield Phrase("Sending it back is at your cost.")
    if agreed.fee_percent:
        yield Phrase("We keep {percent} % of the price as a fee.", {"percent": agreed.fee_percent})
    if agreed.refunds_outbound_shipping:
        yield Phrase("What you paid for delivery is refunded too.")
    if agreed.may_deduct:
        yield Phrase("Wear beyond trying it may be deducted.")


def _faults(policy: Policy) -> Iterator[Phrase]:
    if policy.fees.shop_fault_reasons:
        yield Phrase("If something is wrong with it, sending it back costs you nothing.")


def _photos(policy: Policy, line: OrderedLine, wanted: tuple[Reason, ...]) -> Iterator[Phrase]:
    if any(each in policy.rules.evidence.reasons for each in wanted):
        yield Phrase("For some reasons we need a photo.")
    is_asked = line.is_flagged and policy.rules.evidence.flagged_defects
    if is_asked and DEFECT in wanted:
        yield Phrase("For a defect we need a photo.")
        yield FLAGGED
