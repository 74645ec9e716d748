"""Within the certificate the cheapest threshold that reviewers can bear; outside it, nothing."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_toys import FIRST_DAY

from models.risk.arrays import Floats
from models.risk.certify import Certificate, Step
from models.risk.choose import ACTIONS, break_even, caps, choose, cost_curve, threshold_at
from models.risk.rules import RiskRules

RULES = RiskRules(
    review_minutes=5, review_minute_minor=60, review_days=1, delay_day_minor=100, loss_share=0.5
)
REVIEW = 5 * 60 + 100
SCORES = np.linspace(0.001, 1.0, 1000)


def judged(probability: float, value: float = 4000.0) -> pl.DataFrame:
    """A thousand requests over ten days, their probability of abuse rising evenly from 0 to twice the given one."""
    rank = np.arange(1, 1001) / 1000
    return pl.DataFrame(
        {
            "requested_at": [FIRST_DAY + timedelta(days=10 * one / 1000) for one in range(1000)],
            "block": [0] * 1000,
            "rank": rank,
            "score": 2 * probability * rank,
            "is_test": [False] * 1000,
            "value": [value] * 1000,
        }
    )


CHEAP = judged(0.2, value=300.0)  # so little is at stake that no review is worth it


def certificate(*shares: float, fails: float | None = None) -> Certificate:
    passed = [Step(share, 0.95, True, 100, 0, 0.001, 0.005, 0.001, 0.006) for share in shares]
    failed = [] if fails is None else [Step(fails, 0.95, False, 100, 9, 0.09, 0.2, 0.09, 0.2)]
    share = max(shares, default=None)
    return Certificate(0.01, 0.01, 0.95, (*passed, *failed), share, None if share is None else 0)


def chosen(frame: pl.DataFrame, found: Certificate, rules: RiskRules = RULES) -> float:
    scores = frame["score"].to_numpy()
    choice = choose(dict.fromkeys(ACTIONS, found), frame, scores, scores, rules)
    return choice.actions["approve"].share


def test_while_approving_is_cheaper_all_that_is_certified_is_approved() -> None:
    assert chosen(judged(0.001), certificate(0.3, 0.4, 0.5, fails=0.6)) == pytest.approx(0.5)


def test_where_the_next_request_costs_more_than_its_review_approving_ends() -> None:
    frame = judged(0.2)
    # probability 0.4 r of losing 2000 costs as much as a review of 400 where r = 0.5
    assert chosen(frame, certificate(0.3, 0.4, 0.5, 0.6, 0.7)) == pytest.approx(0.5)


def test_reviewers_who_cannot_bear_the_cheapest_share_move_it_up_inside_the_certificate() -> None:
    found = certificate(0.3, 0.4, 0.5, 0.6, 0.7)
    assert chosen(judged(0.2), found, replace(RULES, max_reviews_a_day=35)) == pytest.approx(0.7)
    few = replace(RULES, max_reviews_a_day=5)
    choice = choose(dict.fromkeys(ACTIONS, found), judged(0.2), SCORES, SCORES, few)
    assert choice.actions["approve"].threshold == pytest.approx(0.7)
    assert choice.actions["approve"].share == pytest.approx(0.7)
    assert choice.costs.is_over_capacity


def test_without_a_certificate_a_person_sees_everything() -> None:
    nothing = dict.fromkeys(ACTIONS, certificate(fails=0.3))
    choice = choose(nothing, judged(0.01), SCORES, SCORES, RULES)
    for action in choice.actions.values():
        assert (action.threshold, action.share, action.bound) == (None, 0.0, None)
    assert choice.costs.chosen == choice.costs.review_all == REVIEW
    assert choice.costs.reviews_a_day == pytest.approx(100, rel=0.01)


def test_each_action_has_its_own_stake_and_bound() -> None:
    rules = replace(RULES, early_cap=0.004, basic_cap=0.02)
    assert caps(rules) == {
        "approve": (0.01, 0.01),
        "refund_early": (0.004, 0.004),
        "inspect_basic": (0.02, 0.02),
    }
    found = {
        "approve": certificate(0.5),
        "refund_early": certificate(0.2),
        "inspect_basic": certificate(fails=0.1),
    }
    actions = choose(found, CHEAP, SCORES, SCORES, rules).actions
    assert [actions[name].threshold for name in ACTIONS] == [
        pytest.approx(0.5),
        pytest.approx(0.2),
        None,
    ]
    assert actions["approve"].bound == 0.005
    assert actions["approve"].amount_bound == 0.006


def test_the_cost_curve_begins_where_a_person_sees_all_and_ends_where_nobody_does() -> None:
    curve = cost_curve(judged(0.2), RULES)
    assert curve["cost"][0] == REVIEW
    assert curve["cost"][-1] == pytest.approx(0.2 * 4000 * 0.5, rel=0.01)
    assert curve["reviews_a_day"][0] == pytest.approx(100, rel=0.01)
    assert curve["reviews_a_day"][-1] == 0


@pytest.mark.parametrize("riskier", [0.5, 1.0, 2.0])
def test_where_more_is_risky_now_less_passes_and_where_less_is_no_more_than_is_certified(
    riskier: float,
) -> None:
    found = dict.fromkeys(ACTIONS, certificate(0.5))
    approve = choose(found, CHEAP, SCORES, SCORES * riskier, RULES).actions["approve"]
    assert approve.threshold == pytest.approx(0.5 * min(riskier, 1.0))
    assert approve.share == pytest.approx(0.5 / max(riskier, 1.0))


@pytest.mark.parametrize(("past", "fresh"), [(SCORES, SCORES[:1]), (SCORES[:1], SCORES)])
def test_where_either_has_too_few_scores_for_a_threshold_nobody_passes(
    past: Floats, fresh: Floats
) -> None:
    found = dict.fromkeys(ACTIONS, certificate(0.5))
    assert choose(found, CHEAP, past, fresh, RULES).actions["approve"].threshold is None


@given(st.floats(0.05, 20))
def test_at_what_level_a_model_puts_its_scores_changes_nobodys_lot(level: float) -> None:
    """The blocks' models and the last one are calibrated by other labels, each a little wrong."""
    found = dict.fromkeys(ACTIONS, certificate(0.5))
    past, fresh = SCORES[::2] * level, SCORES[1::2] * level
    cheap = CHEAP.with_columns(pl.col("value") / level)
    share = choose(found, cheap, past, fresh, RULES).actions["approve"].share
    assert share == pytest.approx(0.5, abs=0.003)


def test_within_the_last_step_nobody_passes_whose_review_is_worth_it() -> None:
    """Four of five are harmless, the others abusive every other time; the average of them and a few others keeps the cap."""
    found = dict.fromkeys(ACTIONS, certificate(0.82))
    rare = judged(0.001)
    scores = np.repeat([0.001, 0.5], [800, 200]) + np.arange(1000) * 1e-6
    actions = choose(found, rare, scores, scores, RULES).actions
    assert break_even(rare, RULES) == pytest.approx(REVIEW / 2000)
    assert actions["approve"].share == pytest.approx(0.8)
    assert actions["inspect_basic"].share == pytest.approx(0.82)
    few = replace(RULES, max_reviews_a_day=1)
    pressed = choose(
        dict.fromkeys(ACTIONS, certificate(0.5, 0.82)), judged(0.9), scores, scores, few
    )
    assert pressed.actions["approve"].share == pytest.approx(0.82)


def test_where_nothing_can_be_lost_nothing_is_worth_a_review() -> None:
    assert break_even(judged(0.1), replace(RULES, loss_share=0.0)) == np.inf
    assert break_even(judged(0.1).clear(), RULES) == np.inf


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=40), st.floats(0, 1))
def test_a_threshold_never_lets_more_than_its_share_pass(scores: list[float], share: float) -> None:
    ordered = np.sort(np.array(scores))
    threshold = threshold_at(ordered, share)
    if threshold is None:
        first = int((ordered == ordered[0]).sum())
        assert share * len(scores) < first
    else:
        assert (ordered <= threshold).mean() <= share + 1e-9


@pytest.mark.parametrize("name", ["abuse_cap", "amount_cap", "early_cap", "confidence"])
def test_rules_that_no_bound_can_be_computed_for_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} must lie between 0 and 1, not 1\.5"):
        RiskRules(**{name: 1.5})
