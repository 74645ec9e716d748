"""The cap's watchman: looks after every audit and every failed inspection, seldom cries for nothing, and sees a broken cap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from models.risk.watch import Audit, Usual, Verdict, chance_of_more, first_rise, watch

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


BEFORE = Usual(45, 15_000, 1.0)
A_DAY, OPENS = 100, datetime(2026, 1, 5, tzinfo=UTC)


def inspections(
    days: int, rate: float, seed: int, *, later: float | None = None, turn: int = 0
) -> list[tuple[datetime, bool]]:
    """A hundred inspections a day that fail at a rate, and from the day `turn` on at the `later` one."""
    day = np.arange(days * A_DAY) / A_DAY
    rates = np.where(day >= turn, rate if later is None else later, rate)
    fails = np.random.default_rng(seed).random(len(day)) < rates
    return [(OPENS + timedelta(days=at), bool(bad)) for at, bad in zip(day, fails, strict=True)]


@given(st.integers(0, 60), st.integers(0, 3000), st.integers(0, 200), st.integers(1, 40_000))
def test_the_chance_is_that_of_the_conditional_test_of_two_rates(
    bad: int, more: int, bad_before: int, more_before: int
) -> None:
    usual = Usual(bad_before, bad_before + more_before, 1.5)
    known = bad + more
    share = 1.5 * known / (1.5 * known + usual.known)
    expected = binom.sf(bad - 1, bad + bad_before, share)
    assert chance_of_more(bad, known, usual) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_by_chance_alone_a_shop_s_models_are_stopped_once_in_years() -> None:
    """Sixty shops of half a year each, looked at after every failure: six stops are one in five years."""
    stops = sum(first_rise(inspections(182, 0.003, seed), BEFORE) is not None for seed in range(60))
    assert stops <= binom.ppf(1 - 1e-3, 60, 0.1)


def test_what_fails_four_times_as_often_is_seen_within_some_ten_days() -> None:
    turn = OPENS + timedelta(days=20)
    rises = [
        first_rise(inspections(60, 0.003, seed, later=0.012, turn=20), BEFORE) for seed in range(40)
    ]
    found = [rise for rise in rises if rise is not None]
    assert len(found) == 40
    assert np.median([(rise.at - turn).total_seconds() / 86_400 for rise in found]) < 10
    assert all(rise.chance < 0.002 and rise.known <= 7 * A_DAY for rise in found)


def test_a_rise_within_the_room_below_the_cap_is_borne() -> None:
    doubled = inspections(40, 0.003, 3, later=0.009, turn=5)
    assert first_rise(doubled, BEFORE) is not None
    assert first_rise(doubled, replace(BEFORE, times=4.0)) is None


def test_failures_count_together_within_a_week_only() -> None:
    """Twelve failures in a day are a rise; one in each of twelve weeks among as many that passed is none."""
    passed = [(OPENS + timedelta(days=at / 10), False) for at in range(84 * 10)]
    failed = [(OPENS + timedelta(days=7 * week + 0.05), True) for week in range(12)]
    assert first_rise(sorted(passed + failed), BEFORE) is None
    at_once = [(OPENS + timedelta(days=50, minutes=minute), True) for minute in range(12)]
    rise = first_rise(sorted(passed + at_once), BEFORE)
    assert rise is not None
    assert rise.known < 80


def test_where_nothing_was_known_before_nothing_can_rise() -> None:
    assert first_rise(inspections(10, 0.5, 1), Usual(0, 0, 1.0)) is None
    assert first_rise([], BEFORE) is None
