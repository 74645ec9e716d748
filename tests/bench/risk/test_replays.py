"""A tiny replay goes the whole way, and its report says what its figures say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from risk_toys import shop

from bench.figures import Figure
from bench.risk import report, scoring
from bench.risk.cases import CASES, Size
from bench.risk.replays import (
    ALL,
    CERTIFIED_ALL,
    CERTIFIED_SAME,
    SAME,
    Extent,
    Task,
    certified_by,
    play_into,
    replay,
    write_known_best,
)
from models.risk import export, grow
from models.risk.grow import Examples, Shape
from models.risk.rules import RiskRules
from models.risk.split import Lesson

SIZE = Size(before_days=10, learning_days=90, later_days=92, orders_per_day=160.0)
EXTENT = Extent(cases=CASES[1:2], size=SIZE, shops=1, draws=((2000, 1),), first_seed=3)
_RATES = ("coverage", "abuse", "amount", "expected", "expected_amount")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("shops")
    play_into(CASES[1], 3, SIZE, folder)
    write_known_best(CASES[1], 1, EXTENT, folder)
    return replay(
        Task(CASES[1], 3, 0, 2000, SIZE, folder / "1-3.parquet", folder / "1-3-best.parquet")
    )


def test_every_figure_of_a_replay_is_a_share(rows: pl.DataFrame) -> None:
    for name in (*_RATES, "auc", "auc_oracle", "auc_features", "auc_1", "auc_3", "certified"):
        assert rows[name].is_between(0, 1).all(), name
    assert 1000 < rows["known"][0] <= 2000


def test_whoever_knows_more_can_approve_more(rows: pl.DataFrame) -> None:
    of = {one["way"]: one for one in rows.iter_rows(named=True)}
    assert of["rules only"]["coverage"] == 1.0
    assert of["rules only"]["abuse"] > 0.04
    known, best = of["the model, knowing the truth"], of["all-knowing oracle"]
    assert known["coverage"] < best["coverage"] < 1.0
    assert best["expected"] <= 0.01
    assert best["expected_amount"] <= 0.01
    assert of["all-knowing oracle"]["cost"] < of["rules only"]["cost"]
    assert rows["auc"][0] < rows["auc_oracle"][0]


def test_the_labels_grant_an_oracle_less_than_it_could_approve_and_nothing_to_who_knows_nothing(
    rows: pl.DataFrame,
) -> None:
    """Of 8,000 applications the last fifth is abusive; half of them are labelled, and half share a device with too many."""
    number = pl.int_range(8000)
    judged = pl.select(
        rma=number.cast(pl.String),
        is_test=number % 10 == 0,
        label=pl.when(number % 2 == 1).then((number >= 6400).cast(pl.Float64)),
        weight=pl.lit(1.0),
        value=pl.lit(100.0),
        is_eligible=pl.lit(value=True),
        same_device=number // 10 % 4,
    )
    order = judged.select("rma", score=pl.int_range(8000) / 20_000)
    by_chance = order.with_columns(score=pl.Series(np.random.default_rng(1).random(8000)))
    granted_to = certified_by(order, judged, judged, RiskRules())
    nothing = certified_by(by_chance, judged, judged, RiskRules()).mean()
    assert 0.7 < granted_to.mean() <= 0.81
    assert nothing == 0.0
    within = certified_by(order, judged, judged, RiskRules(most_linked={"same_device": 1}))
    assert within.tolist() == (granted_to & (judged["same_device"] <= 1).to_numpy()).tolist()
    of = {one["way"]: one["coverage"] for one in rows.iter_rows(named=True)}
    assert of[CERTIFIED_ALL] <= of[ALL]
    assert of[CERTIFIED_SAME] <= of[SAME]


def test_many_scores_at_once_are_those_of_the_exported_model() -> None:
    made = shop(2000, 1)
    features = np.where(
        np.random.default_rng(1).random(made.features.shape) < 0.1, np.nan, made.features
    )
    finding = np.where(np.arange(2000) < 900, made.label, np.nan)
    examples = Examples(features, made.label, np.ones(2000), finding)
    lesson = Lesson(np.arange(900, 1700), np.arange(1700, 2000), np.arange(900))
    document = export.to_document(grow.grow(examples, lesson, Shape(trees=30), 1))
    model = export.unsaved(document)
    one_by_one = [model.score([None if v != v else v for v in row]) for row in features.tolist()]
    assert scoring.scores(document, features).tolist() == pytest.approx(one_by_one, rel=1e-12)


def test_the_coverage_is_the_largest_share_that_keeps_both_caps() -> None:
    score = np.arange(10.0)
    abusive = np.array([0, 0, 0, 0, 1, 0, 0, 0, 1, 1.0])
    even, dear = np.ones(10), np.where(abusive > 0, 5.0, 1.0)
    assert scoring.coverage(score, abusive, even, 0.125, 1.0) == 0.8
    assert scoring.coverage(score, abusive, dear, 0.125, 0.2) == 0.4
    assert scoring.coverage(score, np.ones(10), even, 0.5, 0.5) == 0.0


def _loops(way: str, abuse: float, seed: int = 1) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "round": [1, 2],
            "certified": [True, True],
            "labels": [5000, 6000],
            "coverage": [0.5, 0.6],
            "approved": [1000, 1200],
            "abuse": [0.004, abuse],
            "amount": [0.004, 0.004],
            "expected": [0.004, abuse],
            "audit_share": [0.03, 0.03],
            "audited_rate": [0.006, abuse],
            "estimated_rate": [0.005, abuse],
            "estimated_low": [0.003, abuse],
            "estimated_high": [0.0035, abuse],
            "doubts": [0, 40],
            "doubts_abuse": [0.0, 0.1],
            "breached": [False, False],
            "way": [way] * 2,
            "seed": [seed] * 2,
        }
    )


def test_the_report_judges_by_the_figures_alone(rows: pl.DataFrame, tmp_path: Path) -> None:
    loops = pl.concat([_loops("product", 0.009), _loops("no audit", 0.03)])
    speed = [Figure("risk score, p99", 0.4, "ms", "≤ 1 ms"), Figure("slow", 7.0, "ms", "≤ 5 ms")]
    found = report.Found(rows, loops, speed, 60.0)
    plan = replace(report.QUICK, extent=EXTENT)
    text = report.write(plan, found, tmp_path).read_text()
    said = {one.target: one.is_met for one in report.verdicts(found)}
    assert said["risk score, p99 ≤ 1 ms"]
    assert not said["slow ≤ 5 ms"]
    assert said["Ablation “no audit” visibly hurts"]
    assert f"{sum(one is True for one in said.values())} of {len(said)} targets are met" in text
    assert {path.name for path in tmp_path.glob("*.svg")} == {
        f"{name}.svg" for name in ("coverage", "cap", "auc", "loop")
    }


def test_a_safeguard_is_not_judged_beside_a_product_that_approved_nothing() -> None:
    idle = _loops("product", 0.0).with_columns(
        approved=pl.lit(0, pl.Int64), coverage=pl.lit(0.0), expected=pl.lit(0.0)
    )
    (verdict,) = report.ablations(pl.concat([idle, _loops("no links", 0.004)]))
    assert verdict.is_met is None
    (broken,) = report.ablations(pl.concat([idle, _loops("no audit", 0.05)]))
    assert broken.is_met


def test_one_broken_round_breaks_a_run(rows: pl.DataFrame) -> None:
    held = [_loops("product", 0.009, seed) for seed in range(19)]
    for more, is_met in ((0.009, True), (0.02, True)):
        loops = pl.concat([*held, _loops("product", more, 19)])
        verdict = report.verdicts(report.Found(rows, loops, [], 1.0))
        assert next(one for one in verdict if "every round" in one.target).is_met is is_met
    broken = pl.concat([*held[:18], _loops("product", 0.02, 18), _loops("product", 0.02, 19)])
    verdict = report.verdicts(report.Found(rows, broken, [], 1.0))
    assert next(one for one in verdict if "every round" in one.target).is_met is False


def test_the_interval_of_a_share_covers_it() -> None:
    assert report.interval(0, 200) == pytest.approx((0.0, 0.0183), abs=1e-4)
    assert report.interval(10, 200) == pytest.approx((0.0242, 0.0900), abs=1e-4)
    assert report.interval(200, 200)[1] == 1.0
