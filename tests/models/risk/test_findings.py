"""What basic inspections find: news that takes a certificate back, and what is usual among approvals."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from models.risk.certify import Certificate, Step
from models.risk.choose import Action
from models.risk.findings import Findings, unless_they_rose, usual

SHARES = (0.3, 0.4, 0.5, 0.6)
REPLAYS = 400


def certificate() -> Certificate:
    steps = tuple(Step(share, 0.95, True, 5000, 20, 0.004, 0.006, 0.004, 0.007) for share in SHARES)
    return Certificate(0.01, 0.01, 0.95, steps, SHARES[-1], 0)


def findings(
    rate: float, newly: float, *, beyond: float = 0.0, news: int = 1500, seed: int = 0
) -> Findings:
    """Of 12,000 requests `news` are new; of those ranked beyond `beyond`, `newly` fail, of all others `rate`."""
    chance = np.random.default_rng(seed)
    rank = chance.random(12_000)
    is_news = np.arange(12_000) >= 12_000 - news
    fails = np.where(is_news & (rank > beyond), newly, rate)
    return Findings(rank, chance.random(12_000) < fails, is_news)


def test_what_is_found_as_often_as_before_leaves_the_certificate_as_it_is() -> None:
    assert unless_they_rose(certificate(), findings(0.004, 0.004)) == certificate()


def test_more_of_late_takes_everything_back_and_says_why() -> None:
    left = unless_they_rose(certificate(), findings(0.004, 0.04))
    assert (left.share, left.contradicted_by) == (None, "newest_findings")
    assert not any(step.passes for step in left.steps)


def test_shares_below_the_one_where_more_is_found_stay_and_none_above_it() -> None:
    left = unless_they_rose(certificate(), findings(0.004, 0.2, beyond=0.42))
    assert left.share == 0.4
    assert [step.passes for step in left.steps] == [True, True, False, False]
    assert left.contradicted_by is None


def test_a_share_above_a_contradicted_one_goes_with_it() -> None:
    """Beyond 0.4 much less is found of late, so that up to 0.6 nothing has risen: the larger share holds the smaller."""
    risen = findings(0.02, 0.05)
    among = risen.rank <= 0.4
    calm = replace(risen, is_bad=risen.is_bad & (among | ~risen.is_news))
    assert unless_they_rose(certificate(), calm).share is None


@pytest.mark.parametrize("news", [0, 12_000])
def test_where_all_or_nothing_is_news_there_is_nothing_to_compare(news: int) -> None:
    assert unless_they_rose(certificate(), findings(0.02, 0.02, news=news)) == certificate()


def test_a_certificate_is_taken_back_by_chance_alone_no_more_often_than_one_time_in_twenty() -> (
    None
):
    one = replace(certificate(), steps=certificate().steps[-1:])
    lost = sum(
        unless_they_rose(one, findings(0.004, 0.004, seed=seed)).share is None
        for seed in range(REPLAYS)
    )
    assert 0 < lost <= binom.ppf(1 - 1e-3, REPLAYS, 0.05)


def action(bound: float | None, amount_bound: float | None) -> Action:
    return Action(0.1, 0.5, 0.1, 0.5, 0.01, 0.01, 0.004, bound, amount_bound)


def test_what_is_usual_is_what_was_found_of_those_approved_and_the_room_below_the_nearer_cap() -> (
    None
):
    found = findings(0.004, 0.004)
    among = found.rank <= 0.5

    told = usual(found, action(0.005, 0.008))

    assert told is not None
    assert (told.bad, told.known) == (found.is_bad[among].sum(), among.sum())
    assert told.times == pytest.approx(1.25)


def test_of_what_nobody_approves_or_nobody_looked_at_nothing_is_usual() -> None:
    assert usual(findings(0.004, 0.004), action(None, None)) is None
    nothing = Findings(np.empty(0), np.empty(0, np.bool_), np.empty(0, np.bool_))
    assert usual(nothing, action(0.005, 0.008)) is None
    assert unless_they_rose(certificate(), nothing) == certificate()
