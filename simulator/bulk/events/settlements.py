"""Money goes back."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from simulator.bulk.events.shared import of_returns
from simulator.bulk.happening import Events, Items, when
from simulator.bulk.ids import tokens
from simulator.bulk.lives import Lives
from simulator.bulk.refunding import TRIGGERS, Refunds
from simulator.bulk.shop import Shop, happens
from simulator.columns import Words, runs, taken
from simulator.world import Integers

_MEANS = Words(["original", "bank_transfer", "none"])
_TRIGGERS = Words([*TRIGGERS, "other_means"])
_OTHER = len(TRIGGERS)
_REASONS = Words(["account_closed", "expired_means", "limit_exceeded", "refused", "other"])
_FINANCE = "finance-1"
_ORIGINAL, _TRANSFER, _NONE = range(3)


def refunded(shop: Shop, lives: Lives) -> Iterator[Events]:
    refunds = lives.refunds
    every = np.arange(len(refunds.place))
    yield _requested(shop, lives, every, refunds.ordered_us, refunds.due_us, refunds.trigger)
    again, us = when(refunds.again_us)
    due_us, other = us + shop.clock_us("refund"), np.full(len(refunds.place), _OTHER)
    by_hand = _requested(shop, lives, again, us, due_us, other, _TRANSFER, "finance", _FINANCE)
    yield by_hand
    at, us = when(refunds.unknown_us)
    yield of_returns(
        "refund.unknown",
        lives.asked,
        refunds.place[at],
        us,
        "system",
        refund_id=_ids(shop, refunds, at),
        due_at_us=refunds.due_us[at] + shop.start_us,
    )
    at, us = when(refunds.failed_us)
    yield of_returns(
        "refund.failed",
        lives.asked,
        refunds.place[at],
        us,
        "system",
        refund_id=_ids(shop, refunds, at),
        reason=_REASONS.at(refunds.number[at] % len(_REASONS)),
        due_at_us=us + shop.clock_us("refund") + shop.start_us,
    )
    yield _settled(shop, lives, every)


def _requested(
    shop: Shop,
    lives: Lives,
    at: Integers,
    us: Integers,
    due_us: Integers,
    trigger: Integers,
    means: int = _ORIGINAL,
    role: str = "system",
    key: str | None = None,
) -> Events:
    return of_returns(
        "refund.requested",
        lives.asked,
        lives.refunds.place[at],
        us,
        role,
        key,
        _lines(lives.refunds, at, us),
        **_amounts(shop, lives, at),
        means=_MEANS.at(np.full(len(at), means)),
        trigger=_TRIGGERS.at(trigger[at]),
        due_at_us=due_us + shop.start_us,
    )


def _settled(shop: Shop, lives: Lives, at: Integers) -> Events:
    refunds = lives.refunds
    means = np.where(happens(refunds.again_us), _TRANSFER, _ORIGINAL)
    return of_returns(
        "refund.settled",
        lives.asked,
        refunds.place,
        refunds.settled_us,
        "system",
        None,
        _lines(refunds, at, refunds.settled_us),
        **_amounts(shop, lives, at),
        means=_MEANS.at(np.where(refunds.is_nothing, _NONE, means)),
        is_reconciled=happens(refunds.unknown_us),
    )


def _amounts(shop: Shop, lives: Lives, at: Integers) -> "dict[str, pl.Series | Integers]":
    refunds = lives.refunds
    return {
        "refund_id": _ids(shop, refunds, at),
        "currency": taken(lives.asked.rows["currency"], refunds.place[at]),
        "amount_minor": refunds.amount_minor[at],
    }


def _lines(refunds: Refunds, at: Integers, us: Integers) -> dict[str, Items]:
    """The lines of these refunds as they are at these moments."""
    is_split = refunds.split_us[at] <= us
    both = [refunds.lines, refunds.split_lines]
    all_counts = [each.counts for each in both]
    starts = [np.cumsum(each) - each for each in all_counts]
    begins = np.where(is_split, starts[1][at] + len(both[0].line_no), starts[0][at])
    counts = np.where(is_split, all_counts[1][at], all_counts[0][at])
    line = runs(begins, counts)
    rows = {
        "line_no": np.concatenate([each.line_no for each in both])[line],
        "amount_minor": np.concatenate([each.minor for each in both])[line],
    }
    return {"lines": Items(counts, pl.DataFrame(rows))}


def _ids(shop: Shop, refunds: Refunds, at: Integers) -> pl.Series:
    return tokens("rfd", shop.seed, refunds.number[at])
