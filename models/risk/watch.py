"""Whether the cap is still kept among what was approved: two tests that may be looked at whenever more is known.

Standard library only.

*By audits.* A bettor who doubts the cap stakes on every audit at odds that are fair if the abuse rate is at
most the cap; his capital then exceeds 1 / (1 - confidence) at any time with a chance of at most 1 - confidence
(Ville 1939; Waudby-Smith & Ramdas, JRSS B 86, 2024). He spreads his money over a few guesses of the true rate.

*By basic inspections.* They find little of all abuse, but of nearly every parcel, where three in a hundred are audited. The approvals whose
inspection came in within a week are compared with what was found when their share was certified, whenever another one fails (the
conditional test of two rates: Przyborowski & Wilenski 1940). At one in five hundred, chance alone stops a shop's
models about once in five years (`tests/models/risk/test_watch.py` replays it).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_GUESSES = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)  # times the cap
_WEEK = timedelta(days=7)
_ONE_IN = 500


@dataclass(frozen=True, slots=True)
class Audit:
    """An audited approval: whether it was abusive, and what it stands for (requests, or money) out of at most `largest`."""

    is_abusive: bool
    stake: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the audits say: `evidence` is the highest capital so far from 1, `limit` what it must not reach.

    `breached_at` numbers the audit (from 0) at which the cap was first proven to be broken; None while it is not.
    """

    audits: int
    abusive: int
    evidence: float
    limit: float
    breached_at: int | None

    @property
    def is_breached(self) -> bool:
        """Whether the rate is above the cap, at the confidence asked for."""
        return self.breached_at is not None


def watch(
    audits: Iterable[Audit], *, cap: float, confidence: float, largest: float = 1.0
) -> Verdict:
    """Judge audits in the order in which they came. `largest` bounds the stakes: the weight, or weight times value,
    that an approval can have at most. Raises ValueError for a stake beyond it.
    """
    limit = 1 / (1 - confidence)
    bets = [(min(guess * cap, 1.0) - cap) / (cap * (1 - cap)) for guess in _GUESSES]
    capital = [0.0] * len(bets)  # logarithms
    best, breached_at, seen, abusive = 0.0, None, 0, 0
    for audit in audits:
        if not 0 <= audit.stake <= largest:
            raise ValueError(f"audit {seen} has stake {audit.stake}, beyond 0 to {largest}")
        outcome = (audit.is_abusive - cap) * audit.stake / largest
        capital = [_log(money, bet, outcome) for money, bet in zip(capital, bets, strict=True)]
        best = max(best, _mean_log(capital))
        if breached_at is None and best >= math.log(limit):
            breached_at = seen
        seen, abusive = seen + 1, abusive + audit.is_abusive
    return Verdict(seen, abusive, math.exp(min(best, 700.0)), limit, breached_at)


def _log(money: float, bet: float, outcome: float) -> float:
    factor = 1 + bet * outcome
    return money + math.log(factor) if factor > 0 else -math.inf


def _mean_log(capital: list[float]) -> float:
    most = max(capital)
    if most == -math.inf:
        return most
    return most + math.log(sum(math.exp(money - most) for money in capital) / len(capital))


@dataclass(frozen=True, slots=True)
class Usual:
    """What basic inspections found of an approved share when it was certified: `bad` of `known`. Abuse, and what is found of
    it, may be `times` as frequent until it breaks a cap.
    """

    bad: int
    known: int
    times: float


@dataclass(frozen=True, slots=True)
class Rise:
    """Up to `at` within a week `bad` of `known` failed; `chance`: how probable so many are if nothing changed."""

    at: datetime
    bad: int
    known: int
    chance: float


def chance_of_more(bad: int, known: int, usual: Usual) -> float:
    """How probable it is that of all bad ones so many or more are among `known` others, were they no more frequent than usual."""
    here = known * usual.times
    share = here / (here + usual.known) if here else 0.0
    return _at_least(bad, bad + usual.bad, share)


def first_rise(inspected: Sequence[tuple[datetime, bool]], usual: Usual) -> Rise | None:
    """When approvals were first proven to fail more often than their certificate bears; None while they are not.

    `inspected`: when each was known, in that order, and whether it failed.
    """
    begin = bad = 0
    for place, (at, is_bad) in enumerate(inspected):
        bad += is_bad
        while inspected[begin][0] <= at - _WEEK:
            bad -= inspected[begin][1]
            begin += 1
        known = place + 1 - begin
        if is_bad and (chance := chance_of_more(bad, known, usual)) < 1 / _ONE_IN:
            return Rise(at, bad, known, chance)
    return None


def _at_least(hits: int, tries: int, chance: float) -> float:
    """The upper tail of the binomial distribution; SciPy's takes longer to import than a refresh to watch."""
    if hits <= 0 or chance >= 1:
        return 1.0
    if chance <= 0:
        return 0.0
    odds, none = math.log(chance / (1 - chance)), tries * math.log1p(-chance)
    whole = math.lgamma(tries + 1)
    logs = (
        whole - math.lgamma(k + 1) - math.lgamma(tries - k + 1) + k * odds + none
        for k in range(hits, tries + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))
