"""What becomes of a stretch's applications where no model decides, as `service.domain.policy.judge` and
`service.domain.risk.by_rules` have it of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from service.domain.details import FIRST_ASKED
from service.domain.money import in_figures
from service.domain.policy_sections import Consequence
from simulator.bulk.applications import CURRENCIES, Applications, without_reason
from simulator.bulk.history import Known
from simulator.bulk.shop import NEVER, Shop
from simulator.bulk.terms import NO_REGIME
from simulator.columns import Words, rows_taken, taken
from simulator.goods import REASONS
from simulator.world import DAY_US, Flags, Floats, Integers

PASS, REVIEW, DECLINE = range(3)
RULES = Words(["return_window", "exclusions", "value", "history", "evidence", "asked_again"])
_WINDOW, _EXCLUSIONS, _VALUE, _HISTORY, _EVIDENCE, _ASKED_AGAIN = range(6)


@dataclass(frozen=True, slots=True)
class Judged:
    """What holds for each application. `terms` is a place in the shop's table, of the line that is paid back first.

    `keeps_rules`: a person decides only because no model does. `is_audit`: the lot drew it. `approve_propensity` and
    `propensity` are the probabilities of an approval and of what was done. `outcomes` has a row for each rule's outcome: `owner` (the application's place), `rule`, `passed`, `detail`;
    withdrawals have none. `line_terms` are the lines' own.
    """

    is_withdrawal: Flags
    verdict: Integers
    declined_by: Integers
    is_late: Flags
    keeps_rules: Flags
    is_audit: Flags
    approve_propensity: Floats
    propensity: Floats
    terms: Integers
    line_terms: Integers
    value_minor: Integers
    until_us: Integers
    delivered_us: Integers
    outcomes: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Windows:
    until_us: Integers
    is_granted: Flags


def judge(shop: Shop, asked: Applications, known: Known, draw: Floats) -> Judged:
    """`draw`, uniform, is the lot of what keeps the rules."""
    now_us = asked.of("requested_us")
    open_ = _windows(shop, asked, now_us)
    is_withdrawal = asked.of("is_withdrawal") & asked.all(open_.is_granted)
    reason = without_reason(is_withdrawal[asked.owner], asked.line("reason_place"))
    country, granted = asked.of("country")[asked.owner], open_.is_granted.astype(np.int64)
    kind = is_withdrawal[asked.owner].astype(np.int64)
    line_terms = shop.terms.place[country, kind, reason, granted]
    value_minor = asked.total(asked.line("value_minor"))
    findings = [
        _window(shop, asked, open_, now_us),
        _exclusions(shop, asked, open_),
        _value(shop, asked, value_minor),
        _history(shop, known),
        _evidence(shop, asked),
        _asked_again(asked),
    ]
    verdict, declined_by = _verdict(findings, _may_be_declined(shop, asked, open_))
    outcomes = pl.concat([each.rows for each in findings], how="vertical")
    is_judged = ~is_withdrawal
    keeps_rules = is_judged & (verdict == PASS)
    lot = _drawn(shop, asked, value_minor, draw)
    return Judged(
        is_withdrawal=is_withdrawal,
        verdict=np.where(
            keeps_rules & ~lot.is_approved, REVIEW, np.where(is_judged, verdict, PASS)
        ),
        declined_by=declined_by,
        is_late=~findings[_WINDOW].passed,
        keeps_rules=keeps_rules,
        is_audit=lot.is_audit & keeps_rules,
        approve_propensity=np.where(keeps_rules, lot.approve_propensity, 0.0),
        propensity=np.where(keeps_rules, lot.propensity, 1.0),
        terms=_first_paid(shop, asked, line_terms),
        line_terms=line_terms,
        value_minor=value_minor,
        until_us=asked.lowest(open_.until_us),
        delivered_us=asked.highest(asked.line("delivered_us")),
        outcomes=_of_each(outcomes, is_judged),
    )


@dataclass(frozen=True, slots=True)
class _Lot:
    """What becomes of what keeps the rules, and how probable that was."""

    is_approved: Flags
    is_audit: Flags
    approve_propensity: Floats
    propensity: Floats


def _drawn(shop: Shop, asked: Applications, value_minor: Integers, draw: Floats) -> _Lot:
    """Small values pass; where those are inspected in full anyway, nothing is drawn for it."""
    policy, share = shop.policy, shop.policy.audit.bootstrap_share
    is_small = value_minor <= _limits(policy.risk.unscored_up_to_minor)[_currency(asked)]
    is_drawn = draw < share
    is_certain = is_small & (policy.inspection.default == "full")
    return _Lot(
        is_approved=is_small | is_drawn,
        is_audit=is_drawn & ~is_certain,
        approve_propensity=np.where(is_small, 1.0, share),
        propensity=np.where(is_certain, 1.0, np.where(is_drawn, share, 1 - share)),
    )


def _limits(up_to_minor: Mapping[str, int]) -> Integers:
    """By currency; -1 where nothing is below it."""
    return np.array([up_to_minor.get(each, -1) for each in CURRENCIES.names])


def _currency(asked: Applications) -> Integers:
    return np.asarray(asked.rows["currency"].to_physical().to_numpy())


def _windows(shop: Shop, asked: Applications, now_us: Integers) -> _Windows:
    """Until when each line may come back, and whether the law lets it."""
    policy, table = shop.policy, shop.terms
    line_us, order_us = asked.line("delivered_us"), asked.of("delivered_us")[asked.owner]
    own_us = line_us + policy.window.days * DAY_US
    country = asked.of("country")[asked.owner]
    regime = table.regime_of[country]
    laws = [policy.regimes[name] for name in table.regimes]
    exclusion = asked.lines["exclusion"]
    is_excluded = np.zeros(len(regime), dtype=np.bool_)
    for place, law in enumerate(laws):
        names = exclusion.is_in(list(law.exclusions)).fill_null(False).to_numpy()
        is_excluded |= (regime == place) & names
    counts_order = np.array([law.counted_from == "order_delivery" for law in laws] + [False])
    days = np.array([law.withdrawal_days for law in laws] + [0])
    last_us = np.where(counts_order[regime], order_us, line_us)
    granted_us = shop.end_of_day(last_us, days[regime], country)
    granted_us = np.where((regime == NO_REGIME) | is_excluded, -NEVER, granted_us)
    return _Windows(np.maximum(own_us, granted_us), now_us[asked.owner] <= granted_us)


def _first_paid(shop: Shop, asked: Applications, line_terms: Integers) -> Integers:
    """The terms on which a return is paid back: the earliest that any of its lines has, of equals the first line's."""
    within = np.arange(len(line_terms)) - asked.starts[asked.owner]
    lowest = asked.lowest(shop.terms.refund_on[line_terms] * 1024 + within)
    return np.asarray(line_terms[asked.starts + lowest % 1024])


def _may_be_declined(shop: Shop, asked: Applications, open_: _Windows) -> Flags:
    faults = [REASONS.index(each) for each in shop.policy.fees.shop_fault_reasons]
    is_fault = np.isin(asked.line("reason_place"), faults)
    return ~asked.any(is_fault | open_.is_granted)


# --- the rules -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one rule says: whether each application passes, and the outcomes as rows."""

    passed: Flags
    if_failed: Consequence
    rows: pl.DataFrame


def _verdict(findings: list[_Finding], may_be_declined: Flags) -> tuple[Integers, Integers]:
    """The verdicts, and by which rule each is declined (the first that declines; -1: by none)."""
    declined_by = np.full(len(may_be_declined), -1)
    failed = np.zeros(len(may_be_declined), dtype=np.bool_)
    for place, each in enumerate(findings):
        failed |= ~each.passed
        if each.if_failed == "decline":
            is_first = ~each.passed & may_be_declined & (declined_by < 0)
            declined_by[is_first] = place
    return np.where(declined_by >= 0, DECLINE, np.where(failed, REVIEW, PASS)), declined_by


def _rows(rule: int, owner: Integers, passed: Flags, detail: pl.Series) -> pl.DataFrame:
    rules = RULES.always(RULES.names[rule], len(owner))
    return pl.DataFrame({"owner": owner, "rule": rules, "passed": passed, "detail": detail})


def _window(shop: Shop, asked: Applications, open_: _Windows, now_us: Integers) -> _Finding:
    """Lines of the same parcel share one outcome."""
    delivered_us, owner = asked.line("delivered_us"), asked.owner
    order = np.lexsort((open_.until_us, delivered_us, owner))
    keys = np.stack([owner[order], delivered_us[order], open_.until_us[order]])
    is_new = np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0))
    owner, delivered_us, until_us = keys[:, is_new]
    passed = now_us[owner] <= until_us
    is_open = np.ones(len(asked), dtype=np.bool_)
    is_open[owner[~passed]] = False
    moments = pl.DataFrame({"delivered": delivered_us, "until": until_us})
    times = moments.select((pl.all() + shop.start_us).cast(pl.Datetime("us")))
    detail = times.select(
        pl.format(
            "delivered {}, returnable until {} UTC",
            pl.col("delivered").dt.to_string("%Y-%m-%d"),
            pl.col("until").dt.to_string("%Y-%m-%d %H:%M"),
        )
    ).to_series()
    rows = _rows(_WINDOW, owner, passed, detail)
    return _Finding(is_open, shop.policy.window.late, rows)


def _exclusions(shop: Shop, asked: Applications, open_: _Windows) -> _Finding:
    rule = shop.policy.rules.exclusions
    names = asked.lines["exclusion"].is_in(list(rule.kinds)).fill_null(False).to_numpy()
    excluded = np.flatnonzero(names & ~open_.is_granted)
    told = pl.format("line {} is {}", "order_line_no", "exclusion")
    return _of_lines(_EXCLUSIONS, asked, excluded, told, "no line is excluded", rule.when_failed)


def _evidence(shop: Shop, asked: Applications) -> _Finding:
    """Nobody sends a photo along."""
    wanted = [REASONS.index(each) for each in shop.policy.rules.evidence.reasons]
    missing = np.flatnonzero(np.isin(asked.line("reason_place"), wanted))
    told = pl.format("line {} ({}) has none", "order_line_no", "reason")
    return _of_lines(_EVIDENCE, asked, missing, told, "no evidence is missing", "review")


def _asked_again(asked: Applications) -> _Finding:
    """Nobody asks twice for the same."""
    nobody = np.zeros(0, dtype=np.int64)
    told = pl.format("line {} was asked again", "order_line_no")
    return _of_lines(_ASKED_AGAIN, asked, nobody, told, FIRST_ASKED.text, "review")


def _of_lines(
    rule: int,
    asked: Applications,
    failing: Integers,
    told: pl.Expr,
    otherwise: str,
    if_failed: Consequence,
) -> _Finding:
    """A rule that names the lines which fail it, `told` in words."""
    said = rows_taken(asked.lines, failing).select(
        pl.Series("owner", asked.owner[failing]), told.alias("told")
    )
    by_owner = said.group_by("owner", maintain_order=True).agg(pl.col("told").str.join(", "))
    owner = by_owner["owner"].to_numpy()
    place = np.zeros(len(asked), dtype=np.int64)
    place[owner] = 1 + np.arange(len(owner))
    details = pl.concat([pl.Series([otherwise]), by_owner["told"]], rechunk=True)
    rows = _rows(rule, np.arange(len(asked)), place == 0, taken(details, place))
    return _Finding(place == 0, if_failed, rows)


def _value(shop: Shop, asked: Applications, value_minor: Integers) -> _Finding:
    limits = shop.policy.rules.value.auto_up_to_minor
    ends = pl.Series([_limit_in_words(each, limits.get(each)) for each in CURRENCIES.names])
    currency = _currency(asked)
    passed = value_minor <= _limits(limits)[currency]
    parts = {
        "minor": value_minor,
        "currency": taken(pl.Series(CURRENCIES.names), currency),
        "end": taken(ends, currency),
    }
    detail = pl.DataFrame(parts).select(
        figures(pl.col("minor"), pl.col("currency")) + pl.col("end")
    )
    rows = _rows(_VALUE, np.arange(len(asked)), passed, detail.to_series())
    return _Finding(passed, "review", rows)


def _limit_in_words(currency: str, limit: int | None) -> str:
    if limit is None:
        return f"; no amount in {currency} passes by itself"
    return f"; up to {in_figures(limit, currency)} passes by itself"


def figures(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """As `service.domain.money.in_figures`, for currencies with two decimals and amounts below a thousand millions."""
    whole = minor // 100
    thousands, rest = whole // 1000, (whole % 1000).cast(pl.String)
    millions, middle = thousands // 1000, (thousands % 1000).cast(pl.String)
    grouped = (
        pl.when(whole < 1000)
        .then(rest)
        .when(thousands < 1000)
        .then(pl.format("{},{}", thousands, rest.str.zfill(3)))
        .otherwise(pl.format("{},{},{}", millions, middle.str.zfill(3), rest.str.zfill(3)))
    )
    return pl.format("{}.{} {}", grouped, (minor % 100).cast(pl.String).str.zfill(2), currency)


def _history(shop: Shop, known: Known) -> _Finding:
    rule = shop.policy.rules.history
    returns = known.recent + 1
    passed = (returns <= rule.max_returns) & (known.failed <= rule.max_failed_inspections)
    counts = pl.DataFrame({"returns": returns, "failed": known.failed})
    detail = counts.select(
        pl.format(
            f"{{}} of {rule.max_returns} returns within {rule.within_days} days, this one included; "
            f"{{}} of {rule.max_failed_inspections} failed inspections within {rule.failed_within_days} days",
            "returns",
            "failed",
        )
    ).to_series()
    rows = _rows(_HISTORY, np.arange(len(returns)), passed, detail)
    return _Finding(passed, rule.when_failed, rows)


def _of_each(outcomes: pl.DataFrame, is_judged: Flags) -> pl.DataFrame:
    """The outcomes of those that are judged at all, application by application, rule by rule."""
    order = np.argsort(outcomes["owner"].to_numpy(), kind="stable")
    order = order[is_judged[outcomes["owner"].to_numpy()[order]]]
    return rows_taken(outcomes, order)
