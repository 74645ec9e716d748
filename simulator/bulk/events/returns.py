"""The return as a whole: applied for, assessed, decided, given up, closed."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from service.domain.clocks import ClockName
from service.domain.risk import WITHOUT_MODEL
from simulator.bulk.applications import Applications, without_reason
from simulator.bulk.events.shared import deciders, no_rules, of_returns, rules, units
from simulator.bulk.happening import Events, Items, Said, either, known_where, when
from simulator.bulk.history import Known
from simulator.bulk.judging import DECLINE, PASS, REVIEW, RULES
from simulator.bulk.lives import Lives, Overruns
from simulator.bulk.reviewing import NOBODY, REASON_CODES, Reviews
from simulator.bulk.shop import NEVER, Shop, happens
from simulator.bulk.terms import NO_REASON, REFUND_ON
from simulator.columns import Words, runs, taken
from simulator.goods import REASONS
from simulator.world import DAY_US, Flags, Floats, Integers

_REFUND_ON = Words(REFUND_ON)
_DEPTHS = Words(["basic", "full"])
_MODES = Words(["rule", "reviewer", "deadline"])
_CLOCKS = Words(["review", "inspection", "send_back", "refund"])
_OWNERS = Words(["reviewer", "inspector", "finance"])
_OWNER_OF = {
    "review": "reviewer",
    "inspection": "inspector",
    "send_back": "inspector",
    "refund": "finance",
}
_NEXT_CLOCK: dict[str, ClockName] = {
    "review": "escalation",
    "inspection": "escalation",
    "send_back": "send_back",
    "refund": "refund",
}
_CODES = Words((*RULES.names, *REASON_CODES))
_REASONS = Words(REASONS)
_RULE = NOBODY - 1  # stands for the policy's rules, beside those who decide in reviews
FEATURES = (
    "value_minor", "days_to_window_end", "evidence", "customer_orders",
    "customer_returns", "customer_returns_recent", "customer_failed_inspections", "customer_tenure_days",
)  # fmt: skip
_FEATURES = Words(FEATURES)


def applied(shop: Shop, lives: Lives, known: Known) -> Iterator[Events]:
    """What customers say, and what is answered at once."""
    asked, judged = lives.asked, lives.judged
    now_us = asked.of("requested_us")
    yield _said(shop, lives, "return.requested", np.flatnonzero(~judged.is_withdrawal))
    yield _said(shop, lives, "return.withdrawn", np.flatnonzero(judged.is_withdrawal))
    assessed = np.flatnonzero(~judged.is_withdrawal & (judged.verdict != DECLINE))
    yield _assessed(shop, lives, known, assessed)
    passed = np.flatnonzero(~judged.is_withdrawal & (judged.verdict == PASS))
    by = np.full(len(passed), _RULE)
    yield _authorized(
        shop, lives, passed, now_us[passed], by, rules(lives, passed), is_to_come=True
    )
    declined = np.flatnonzero(judged.verdict == DECLINE)
    code = judged.declined_by[declined]
    yield _declined(shop, lives, declined, now_us[declined], None, code, rules(lives, declined))


def decided(shop: Shop, lives: Lives) -> Iterator[Events]:
    """What reviews come to, or their clocks."""
    for reviews in (lives.reviews, lives.reviews_again):
        done = happens(reviews.decided_us)
        for is_no, tell in ((False, _authorized_by_review), (True, _declined_by_review)):
            yield tell(shop, lives, reviews, np.flatnonzero(done & (reviews.is_declined == is_no)))
    kept, at_us = when(lives.decisions.kept_us)
    role, key = deciders(_decided_by(lives, kept))
    yield of_returns(
        "line.keep_granted", lives.asked, kept, at_us, role, key, units(lives.asked, kept)
    )


def given_up(shop: Shop, lives: Lives) -> Iterator[Events]:
    """What comes to nothing, and what comes although nobody expects it any more."""
    asked = lives.asked
    place, at_us = when(lives.decisions.lapsed_us)
    yield of_returns(
        "return.appeal_lapsed", asked, place, at_us, "system", None, units(asked, place)
    )
    place, at_us = when(lives.decisions.cancelled_us)
    yield of_returns("return.cancelled", asked, place, at_us, "customer", None, units(asked, place))
    place, at_us = when(lives.expired_us)
    yield of_returns("return.expired", asked, place, at_us, "system", None, units(asked, place))
    yield _reinstated(shop, lives)


def _reinstated(shop: Shop, lives: Lives) -> Events:
    """What came after all: a person decides about it, but where the law does."""
    again, (by_law, by_law_us) = lives.reviews_again, when(lives.by_law_us)
    place = np.concatenate([again.place, by_law])
    at_us = np.concatenate([again.opened_us, by_law_us])
    is_by_law = np.arange(len(place)) >= len(again.place)
    due_us = at_us + shop.clock_us("review") + shop.start_us
    return of_returns(
        "return.reinstated",
        lives.asked,
        place,
        at_us,
        "system",
        None,
        units(lives.asked, place),
        permission=either(is_by_law, "authorized", "under_review"),
        due_at_us=known_where(~is_by_law, due_us),
    )


def closed(lives: Lives) -> Iterator[Events]:
    for at_us in lives.closed_us:
        place, us = when(at_us)
        yield of_returns("return.closed", lives.asked, place, us, "system")


def split(lives: Lives) -> Events:
    """Units that are not like the rest of their line."""
    asked, parts = lives.asked, lives.parts
    at = np.flatnonzero(parts.is_split_off)
    line = parts.line[at]
    value = asked.line("value_minor")[line] * parts.quantity[at] // asked.line("quantity")[line]
    return of_returns(
        "line.split",
        asked,
        parts.place[at],
        lives.inspections.inspected_us[parts.place[at]],
        "system",
        line_no=parts.root_no[at],
        root_line_no=parts.root_no[at],
        into_line_no=parts.line_no[at],
        quantity=parts.quantity[at],
        value_minor=value,
    )


def breached(shop: Shop, lives: Lives) -> Iterator[Events]:
    """Somebody's time ran out."""
    asked, parts, refunds, late = lives.asked, lives.parts, lives.refunds, lives.overruns
    for reviews in (lives.reviews, lives.reviews_again):
        for at_us, due_us in (
            (reviews.late_us, reviews.due_us),
            (reviews.late_again_us, reviews.due_again_us),
        ):
            which, us = when(at_us)
            said = units(asked, reviews.place[which])
            yield _breach(shop, asked, reviews.place[which], us, due_us[which], "review", said)
    place, us = when(lives.inspections.late_us)
    yield _breach(shop, asked, place, us, us, "inspection", units(asked, place))
    lines = {"line_no": parts.line_no[late.part], "quantity": parts.quantity[late.part]}
    one_each = {"lines": Items(np.ones(len(late.part), dtype=np.int64), pl.DataFrame(lines))}
    place = parts.place[late.part]
    yield _breach(shop, asked, place, late.part_us, late.part_us, "send_back", one_each)
    place = refunds.place[late.refund]
    said = _refunded_units(lives, late)
    yield _breach(shop, asked, place, late.refund_us, late.refund_us, "refund", said)


# --- what customers say --------------------------------------------------------------------------


def _said(shop: Shop, lives: Lives, type_: str, place: Integers) -> Events:
    asked, judged = lives.asked, lives.judged
    at_us = asked.of("requested_us")[place]
    names = ("order_id", "customer_key", "currency")
    said: dict[str, Said] = {name: taken(asked.rows[name], place) for name in names}
    if type_ == "return.withdrawn":
        terms = judged.terms[place]
        said |= {
            "regime": Words(shop.terms.regimes).at(shop.terms.regime[terms]),
            "policy_version": shop.policy.version,
            "refund_on": _REFUND_ON.at(shop.terms.refund_on[terms]),
            "due_at_us": at_us + shop.clock_us("ship_by") + shop.start_us,
        }
    said |= {
        "inputs": asked.of("inputs")[place],
        "started_at_us": asked.of("started_us")[place] + shop.start_us,
    }
    if type_ == "return.requested":
        said["returnable_until_us"] = judged.until_us[place] + shop.start_us
    lines = _applied_lines(shop, asked, judged.is_withdrawal, place)
    key = said["customer_key"]
    return of_returns(type_, asked, place, at_us, "customer", key, {"lines": lines}, **said)


def _applied_lines(shop: Shop, asked: Applications, is_withdrawal: Flags, place: Integers) -> Items:
    line = runs(asked.starts[place], asked.counts[place])
    owner = asked.owner[line]
    reason = without_reason(is_withdrawal[owner], asked.line("reason_place")[line])
    rows = {
        "line_no": asked.line("line_no")[line],
        "order_id": taken(asked.rows["order_id"], owner),
        "order_line_no": asked.line("order_line_no")[line],
        "sku": taken(shop.skus, asked.line("product")[line]),
        "quantity": asked.line("quantity")[line],
        "reason": _REASONS.at(np.where(reason == NO_REASON, -1, reason)),
        "value_minor": asked.line("value_minor")[line],
    }
    return Items(asked.counts[place], pl.DataFrame(rows))


# --- what is answered ----------------------------------------------------------------------------


def _assessed(shop: Shop, lives: Lives, known: Known, place: Integers) -> Events:
    """`as_of_seq` is filled in when the log numbers it."""
    asked, judged = lives.asked, lives.judged
    is_review, is_audit = judged.verdict[place] == REVIEW, judged.is_audit[place]
    keeps_rules = judged.keeps_rules[place]
    usual = shop.policy.inspection.default == "full"
    items = {
        "features": _features(asked, lives, known, place),
        "reasons": _reasons(rules(lives, place)["rules"], is_review & keeps_rules),
    }
    return of_returns(
        "return.assessed",
        asked,
        place,
        asked.of("requested_us")[place],
        "system",
        None,
        items,
        as_of_seq=0,
        policy_version=shop.policy.version,
        model_version=None,
        score=None,
        decision=either(is_review, "review", "approve"),
        refund_on=_REFUND_ON.at(shop.terms.refund_on[judged.terms[place]]),
        inspection=_DEPTHS.at((is_audit | usual).astype(np.int64)),
        is_audit=is_audit,
        propensity=judged.propensity[place],
        basis=either(keeps_rules, "no_model", "rules"),
        challenger_version=None,
        challenger_score=None,
        approve_propensity=judged.approve_propensity[place],
        is_drawn_doubt=False,
    )


def _reasons(outcomes: Items, is_unscored: Flags) -> Items:
    """Why a person must look: what did not pass, or that no model decides."""
    failed = ~outcomes.rows["passed"].to_numpy()
    owner = np.repeat(np.arange(len(outcomes.counts)), outcomes.counts)
    told = outcomes.rows.filter(pl.Series(failed)).select(
        pl.Series("owner", owner[failed]),
        code=pl.col("rule").cast(pl.String),
        words=pl.col("detail"),
    )
    unscored = np.flatnonzero(is_unscored)
    words = WITHOUT_MODEL["no_model"].text
    none = pl.DataFrame({"owner": unscored}).with_columns(
        code=pl.lit("no_model"), words=pl.lit(words)
    )
    rows = pl.concat([told, none]).sort("owner", maintain_order=True)
    counts = np.bincount(rows["owner"].to_numpy(), minlength=len(outcomes.counts))
    return Items(counts, rows.drop("owner"))


def _features(asked: Applications, lives: Lives, known: Known, place: Integers) -> Items:
    """What the rules saw, as `service.returns.features.features_of` has it."""
    judged, now_us = lives.judged, asked.of("requested_us")
    columns: dict[str, Integers | Floats] = {
        "value_minor": judged.value_minor,
        "days_to_window_end": (judged.until_us - now_us) / DAY_US,
        "evidence": np.zeros(len(asked)),
        "customer_orders": known.orders,
        "customer_returns": known.returns,
        "customer_returns_recent": known.recent,
        "customer_failed_inspections": known.failed,
        "customer_tenure_days": np.where(
            known.first_us < NEVER, (now_us - known.first_us) / DAY_US, np.nan
        ),
    }
    values = np.stack([columns[name][place].astype(np.float64) for name in FEATURES], axis=1)
    rows = {
        "name": _FEATURES.at(np.tile(np.arange(len(FEATURES)), len(place))),
        "value": pl.Series(values.reshape(-1)).fill_nan(None),
    }
    return Items(np.full(len(place), len(FEATURES)), pl.DataFrame(rows))


def _authorized(
    shop: Shop,
    lives: Lives,
    place: Integers,
    at_us: Integers,
    by: Integers,
    said: dict[str, Items],
    *,
    is_to_come: bool,
) -> Events:
    """`by` is as reviews have it, or _RULE. Where goods are to be sent yet, their customer is told how.

    Goods that are there already (not `is_to_come`) are waited for no more.
    """
    role, key = deciders(np.where(by == _RULE, NOBODY, by))
    mode = np.where(by == _RULE, 0, np.where(by == NOBODY, 2, 1))
    is_to_be_sent = ~happens(lives.decisions.kept_us[place]) & (
        at_us <= lives.decisions.decided_us[place]
    )
    told = of_returns(
        "return.authorized",
        lives.asked,
        place,
        at_us,
        role,
        key,
        said,
        mode=_MODES.at(mode),
        policy_version=shop.policy.version,
        model_version=None,
        score=None,
        refund_on=_REFUND_ON.at(shop.terms.refund_on[lives.judged.terms[place]]),
        inspection=_DEPTHS.at(_depth(shop, lives, place, by)),
        due_at_us=known_where(
            np.full(len(place), is_to_come), at_us + shop.clock_us("ship_by") + shop.start_us
        ),
    )
    return replace(told, is_news=is_to_be_sent)


def _depth(shop: Shop, lives: Lives, place: Integers, by: Integers) -> Integers:
    is_full = lives.judged.is_audit[place] | (by == NOBODY)
    return np.asarray(is_full | (shop.policy.inspection.default == "full"), dtype=np.int64)


def _authorized_by_review(shop: Shop, lives: Lives, reviews: Reviews, which: Integers) -> Events:
    place, by = reviews.place[which], reviews.decided_by[which]
    said = no_rules(rules(lives, place))
    is_first = reviews is lives.reviews
    return _authorized(shop, lives, place, reviews.decided_us[which], by, said, is_to_come=is_first)


def _declined(
    shop: Shop,
    lives: Lives,
    place: Integers,
    at_us: Integers,
    by: Integers | None,
    code: Integers,
    said: dict[str, Items],
) -> Events:
    role, key = deciders(np.full(len(place), NOBODY) if by is None else by)
    return of_returns(
        "return.declined",
        lives.asked,
        place,
        at_us,
        role,
        key,
        said,
        mode=_MODES.always("rule" if by is None else "reviewer", len(place)),
        policy_version=shop.policy.version,
        rule=_CODES.at(code),
        appeal_until_us=at_us + shop.start_us + shop.clock_us("appeal"),
    )


def _declined_by_review(shop: Shop, lives: Lives, reviews: Reviews, which: Integers) -> Events:
    place, by = reviews.place[which], reviews.decided_by[which]
    code = reviews.reason_code[which] + len(RULES)
    said = no_rules(rules(lives, place))
    return _declined(shop, lives, place, reviews.decided_us[which], by, code, said)


def _decided_by(lives: Lives, place: Integers) -> Integers:
    by = np.full(len(lives.asked), NOBODY)
    by[lives.reviews.place] = lives.reviews.decided_by
    return by[place]


def _breach(
    shop: Shop,
    asked: Applications,
    place: Integers,
    at_us: Integers,
    due_us: Integers,
    clock: str,
    said: dict[str, Items],
) -> Events:
    number = len(place)
    return of_returns(
        "clock.breached",
        asked,
        place,
        at_us,
        "system",
        None,
        said,
        clock=_CLOCKS.always(clock, number),
        owner_role=_OWNERS.always(_OWNER_OF[clock], number),
        due_at_us=due_us + shop.start_us,
        next_due_at_us=at_us + shop.clock_us(_NEXT_CLOCK[clock]) + shop.start_us,
    )


def _refunded_units(lives: Lives, late: Overruns) -> dict[str, Items]:
    """The units of refunds whose clock ran out, by lines as they were then: what an inspection splits, it splits later."""
    parts, of_part = lives.parts, lives.refunds.of_part
    order = np.argsort(of_part, kind="stable")
    begins = np.searchsorted(of_part[order], late.refund)
    counts = np.searchsorted(of_part[order], late.refund, "right") - begins
    part, owner = order[runs(begins, counts)], np.repeat(np.arange(len(counts)), counts)
    is_whole = lives.inspections.inspected_us[parts.place[part]] > late.refund_us[owner]
    is_there = ~is_whole | ~parts.is_split_off[part]
    part, owner, is_whole = part[is_there], owner[is_there], is_whole[is_there]
    whole = lives.asked.line("quantity")[parts.line[part]]
    quantity = np.where(is_whole, whole, parts.quantity[part])
    rows = pl.DataFrame({"line_no": parts.line_no[part], "quantity": quantity})
    return {"lines": Items(np.bincount(owner, minlength=len(counts)), rows)}
