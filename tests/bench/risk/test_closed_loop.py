"""A shop that learns from its own decisions: with audits it knows what it approves, without them it deceives itself."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from policy_with import ANY_LINKS, policy_with
from risk_loops import applications

from bench.risk.cases import risk_rules
from bench.risk.closed_loop import Course, Way, estimates, live

COURSE = Course(before_days=0, first_days=100, round_days=60, rounds=3)
POLICY = policy_with(
    {
        "risk.abuse_cap": 0.03,
        "risk.amount_cap": 0.04,
        "risk.basic_inspection.abuse_cap": 0.04,
        "audit.share": 0.1,
        **ANY_LINKS,
    }
)
RULES = risk_rules(POLICY)
OFTEN = Course(
    before_days=0, first_days=100, round_days=45, rounds=4
)  # each retraining deceives itself further


@pytest.fixture(scope="module")
def shop() -> pl.DataFrame:
    return applications(12_000, COURSE.days, 4)


@pytest.fixture(scope="module")
def product(shop: pl.DataFrame) -> pl.DataFrame:
    return live(shop, COURSE, Way("product"), 1, POLICY)


@pytest.fixture(scope="module")
def naive(shop: pl.DataFrame) -> pl.DataFrame:
    return live(shop, OFTEN, Way("naive", audits=False), 1, POLICY)


def test_the_product_approves_much_under_the_cap_and_audits_what_the_policy_says(
    product: pl.DataFrame,
) -> None:
    acting = product.filter(pl.col("approved") > 0)
    assert acting["coverage"][-1] > 0.4
    assert acting["expected"].is_between(0, RULES.abuse_cap).all()
    assert len(acting) >= 2
    drawn = (acting["audit_share"] * acting["approved"]).sum() / acting["approved"].sum()
    assert drawn == pytest.approx(RULES.audit_share, abs=0.02)


def test_what_nobody_inspected_counted_as_good_drifts_far_over_the_cap(
    naive: pl.DataFrame,
) -> None:
    assert naive["coverage"].to_list() == sorted(naive["coverage"])
    assert naive["expected"].is_between(RULES.abuse_cap, 1).all()
    assert naive["expected"][2:].min() > naive["expected"][:2].max()  # type: ignore[operator]
    assert naive["expected"][-1] > 2 * RULES.abuse_cap
    assert naive["audit_share"].to_list() == [0.0] * OFTEN.rounds


def test_the_same_seed_lives_the_same_life() -> None:
    shop, course = applications(3000, 120, 5), Course(0, 60, 60, 1)
    one, other = (live(shop, course, Way("naive", audits=False), 1, POLICY) for _ in range(2))
    assert one.equals(other, null_equal=True)


def _off(basic: pl.Expr, share: float, name: str) -> np.ndarray:
    """How far an estimate is from the truth in 200 draws of this share to audit; one of a hundred approvals is abusive."""
    number = pl.int_range(10_000)
    approvals = pl.select(number=number, found_full=number % 100 == 0).with_columns(
        found_basic=basic, weight=pl.lit(1 / share)
    )
    lot = np.random.default_rng(7)
    found = [
        estimates(approvals.with_columns(inspected=pl.Series(lot.random(10_000) < share)))[name]
        for _ in range(200)
    ]
    return np.array(found) - 0.01


def test_few_audits_are_right_on_average_and_what_other_inspections_found_brings_closer() -> None:
    """The quick look misses three of ten and finds as many of honest people."""
    quick = (pl.col("number") % 1000 < 700) & pl.col("found_full") | (pl.col("number") % 333 == 1)
    alone, every = (_off(quick, 0.03, name) for name in ("audited_rate", "estimated_rate"))
    assert abs(alone.mean()) < 3 * alone.std() / 200**0.5
    assert np.abs(every).mean() < 0.5 * np.abs(alone).mean()


def test_many_audits_correct_quick_looks_that_find_a_third() -> None:
    blind = pl.col("number") % 300 == 0
    few, many = (_off(blind, share, "estimated_rate").mean() for share in (0.003, 0.5))
    assert few < -0.006
    assert abs(many) < 0.002


def test_who_is_inspected_in_full_without_a_lot_tells_of_himself_alone() -> None:
    """Of a hundred, ten are inspected in full by decision and four of those are bad; the quick look finds none."""
    approvals = pl.DataFrame(
        {
            "found_full": [number < 4 for number in range(100)],
            "found_basic": [False] * 100,
            "inspected": [number < 10 for number in range(100)],
            "weight": [1.0] * 100,
        }
    )
    told = estimates(approvals)
    assert (told["looked_at"], told["failed"], told["audited"], told["audits_abusive"]) == (
        100,
        4,
        10,
        4,
    )


def test_a_model_that_its_audits_prove_wrong_decides_no_more_until_another_is_certified(
    shop: pl.DataFrame,
) -> None:
    course = Course(before_days=0, first_days=100, round_days=30, rounds=6)
    turned = pl.col("requested_at") > course.starts(3)
    spoilt = shop.with_columns(
        (pl.col(name) | (turned & (pl.col("posterior") < 0.3))).alias(name)
        for name in ("is_abusive", "found_full")
    )
    lived = live(spoilt, course, Way("product"), 1, POLICY)
    stopped = lived["breached"].arg_max()
    assert stopped is not None
    assert lived["breached"][stopped]
    assert lived["coverage"][stopped] < 0.8 * lived["coverage"][stopped - 1]
    after = lived[stopped + 1 :].filter(~pl.col("certified"))
    assert after["approved"].sum() == 0


def test_a_model_whose_approvals_fail_the_quick_look_decides_no_more_unless_nobody_looks(
    shop: pl.DataFrame,
) -> None:
    """From the middle of a round on the quick look finds every seventh of the harmless bad; no audit does."""
    turned = pl.col("requested_at") > COURSE.starts(1) + timedelta(days=20)
    bad = turned & (pl.col("posterior") < 0.3) & (pl.int_range(pl.len()) % 7 == 0)
    spoilt = shop.with_columns(found_basic=pl.col("found_basic") | bad)

    seen, unseen = (
        live(spoilt, COURSE, Way("product", findings=findings), 1, POLICY)
        for findings in (True, False)
    )

    assert seen["breached"].to_list() == [False, True, False]
    assert 0 < seen["coverage"][1] < 0.8 * unseen["coverage"][1]
    assert not seen["certified"][2]
    assert not unseen["breached"].any()
    assert unseen["certified"][2]
