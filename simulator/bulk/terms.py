"""The terms of every kind of return line, asked of the policy once: by country, kind, reason, and whether the law grants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

import numpy as np

from service.domain.events import RefundOn
from service.domain.policy import NoRegime, Policy, Terms, terms
from service.domain.policy_sections import Regime
from simulator.goods import REASONS
from simulator.world import Flags, Integers

REFUND_ON: tuple[RefundOn, ...] = get_args(RefundOn)  # the earliest first
COUNTS_FROM = ("request", "receipt", "trigger")
NO_REASON = len(REASONS)
NO_REGIME = -1
_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TermsTable:
    """`place` finds the terms by country, kind (1: a withdrawal), reason (`NO_REASON`: none) and whether the law grants it.

    The other columns have an entry for each of them; `regime` and `refund_on` are places in lists.
    """

    regimes: tuple[str, ...]
    regime_of: Integers
    place: Integers
    regime: Integers
    refund_on: Integers
    within_us: Integers
    counts_from: Integers
    fee_percent: Integers
    refunds_shipping: Flags


def terms_table(policy: Policy, countries: Sequence[str]) -> TermsTable:
    """`regime_of` says which regime holds in each country, `NO_REGIME` where none does."""
    names = tuple(policy.regimes)
    known: dict[Terms, int] = {}
    place = np.zeros((len(countries), 2, len(REASONS) + 1, 2), dtype=np.int64)
    for country, kind, reason, granted in np.ndindex(place.shape):
        found = _terms(policy, countries[country], bool(kind), reason, bool(granted))
        place[country, kind, reason, granted] = known.setdefault(found, len(known))
    return TermsTable(
        regimes=names,
        regime_of=np.array([_regime_place(names, policy.regime_of(each)) for each in countries]),
        place=place,
        regime=np.array([names.index(t.regime) if t.regime else NO_REGIME for t in known]),
        refund_on=np.array([REFUND_ON.index(t.refund_on) for t in known]),
        within_us=np.array([t.refund_within // _US for t in known]),
        counts_from=np.array([COUNTS_FROM.index(t.refund_counts_from) for t in known]),
        fee_percent=np.array([t.fee_percent for t in known]),
        refunds_shipping=np.array([t.refunds_outbound_shipping for t in known]),
    )


def _regime_place(names: tuple[str, ...], found: tuple[str, Regime] | None) -> int:
    return names.index(found[0]) if found else NO_REGIME


def _terms(
    policy: Policy, country: str, is_withdrawal: bool, reason: int, is_granted: bool
) -> Terms:
    """Where no law grants a withdrawal nobody asks: the terms of a return stand in its place."""
    word = None if reason == NO_REASON else REASONS[reason]
    try:
        kind = "withdrawal" if is_withdrawal else "return"
        return terms(policy, country, kind, word, within_regime=is_granted)  # type: ignore[arg-type]
    except NoRegime:
        return terms(policy, country, "return", word, within_regime=is_granted)
