"""Whether the cap is still kept among what was approved: a test that may be looked at after every audit.

Standard library only. A bettor who doubts the cap stakes on every audit at odds that are fair if the abuse rate is at
most the cap; his capital then exceeds 1 / (1 - confidence) at any time with a chance of at most 1 - confidence
(Ville 1939; Waudby-Smith & Ramdas, JRSS B 86, 2024). He spreads his money over a few guesses of the true rate.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_GUESSES = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)  # times the cap


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
