"""The cap's watchman: looks after every audit, seldom cries for nothing, and sees a broken cap."""

import numpy as np
import pytest
from scipy.stats import binom

from models.risk.watch import Audit, Verdict, watch

CAP = 0.01


def audits(rate: float, number: int, seed: int) -> list[Audit]:
    found = np.random.default_rng(seed).random(number) < rate
    return [Audit(bool(one)) for one in found]


def verdict(rate: float, number: int, seed: int) -> Verdict:
    return watch(audits(rate, number, seed), cap=CAP, confidence=0.95)


def test_at_the_cap_it_seldom_cries_however_often_it_looks() -> None:
    cried = sum(verdict(CAP, 1500, seed).is_breached for seed in range(200))
    assert cried <= binom.ppf(1 - 1e-3, 200, 0.05)


def test_a_rate_of_four_times_the_cap_is_seen_within_some_hundred_audits() -> None:
    seen = [verdict(4 * CAP, 800, seed) for seed in range(60)]
    assert np.mean([one.is_breached for one in seen]) > 0.9
    assert np.median([one.breached_at for one in seen if one.breached_at is not None]) < 400


def test_amounts_count_by_their_size() -> None:
    chance = np.random.default_rng(1)
    dear = [Audit(bool(bad), 10.0 if bad else 1.0) for bad in chance.random(2000) < CAP]
    assert watch(dear, cap=CAP, confidence=0.95, largest=10.0).is_breached
    assert not watch([Audit(one.is_abusive) for one in dear], cap=CAP, confidence=0.95).is_breached


def test_a_breach_stays_a_breach() -> None:
    bad = [Audit(is_abusive=True)] * 3
    good = [Audit(is_abusive=False)] * 2000
    first = watch(bad, cap=CAP, confidence=0.95)
    assert first.breached_at is not None
    after = watch(bad + good, cap=CAP, confidence=0.95)
    assert after.breached_at == first.breached_at
    assert after.evidence >= first.evidence
    assert (after.audits, after.abusive) == (2003, 3)


def test_nothing_is_said_of_no_audits() -> None:
    assert watch([], cap=CAP, confidence=0.95) == Verdict(0, 0, 1.0, pytest.approx(20.0), None)


def test_a_stake_beyond_the_largest_is_refused() -> None:
    with pytest.raises(ValueError, match=r"audit 1 has stake 2\.0, beyond 0 to 1\.0"):
        watch([Audit(False), Audit(True, 2.0)], cap=CAP, confidence=0.95)
