"""Applications of the bench are decided as the service's are, and what people decline never becomes known."""

import numpy as np
import polars as pl
import pytest
from policy_with import ANY_LINKS, policy_with
from risk_loops import applications

from bench.risk import deciding
from models.risk.features import NAMES
from service.domain.risk import Stakes

MANY = applications(20_000, 30, 3)
STAKES = Stakes(approve=0.02, basic_inspection=0.02)
POLICY = policy_with({"audit.doubt_share": 0.2, "audit.share": 0.1, **ANY_LINKS})


@pytest.fixture(scope="module")
def lived() -> pl.DataFrame:
    """What is known of applications that a model decided which knows the truth as well as one can."""
    draw, verdict = np.random.default_rng([3, 99]).random((2, len(MANY)))
    score = MANY["posterior"].to_numpy()
    made = deciding.by_model(MANY, draw, POLICY, score, STAKES)
    comes = deciding.let_come(MANY, made, verdict)
    known = deciding.training_frame(MANY, made, comes)
    told = MANY.select("rma", "is_abusive", doubted=pl.col("posterior") > 0.02)
    drawn = [each.is_drawn_doubt for each in made]
    return known.join(told.with_columns(drawn=pl.Series(drawn)), on="rma")


def test_of_what_a_model_doubts_the_drawn_ones_alone_certify_and_tell_how_much_abuse_there_is(
    lived: pl.DataFrame,
) -> None:
    doubted = lived.filter("doubted")
    certifying = doubted.filter(pl.col("certifying_weight").is_not_null())

    assert certifying["drawn"].all()
    assert certifying["certifying_weight"].to_numpy() == pytest.approx(5.0)
    assert certifying["label"].is_not_null().all()
    assert len(certifying) / len(doubted) == pytest.approx(0.2, abs=0.02)
    truth = doubted["is_abusive"].mean()
    assert certifying["label"].mean() == pytest.approx(truth, abs=0.02)
    asked = doubted.filter(~pl.col("drawn"))
    assert asked["label"].mean() < 0.75 * truth


def test_its_two_samples_teach_for_as_many_as_there_are(lived: pl.DataFrame) -> None:
    doubted = lived.filter("doubted")
    drawn = doubted.filter("drawn")["weight"].sum()

    assert drawn == pytest.approx(len(doubted) / 2, rel=0.1)
    assert set(doubted.filter(~pl.col("drawn"))["weight"]) == {0.5 / 0.8}


def test_what_it_lets_pass_is_known_by_audits_alone(lived: pl.DataFrame) -> None:
    passed = lived.filter(~pl.col("doubted") & pl.col("label").is_not_null())

    assert len(passed) / len(lived.filter(~pl.col("doubted"))) == pytest.approx(0.1, abs=0.01)
    assert passed["certifying_weight"].to_numpy() == pytest.approx(1 / (0.1 * 0.99))


def test_who_shares_a_device_with_too_many_is_doubted_whatever_the_score() -> None:
    policy = policy_with(ANY_LINKS | {"risk.links.device": 1, "audit.doubt_share": 0.0})
    draw = np.random.default_rng([5, 99]).random(len(MANY))

    made = deciding.by_model(MANY, draw, policy, np.zeros(len(MANY)), STAKES)

    is_doubted = pl.Series([each.hidden_decision or each.decision for each in made]) == "review"
    assert is_doubted.to_list() == (MANY["same_device"] > 1).to_list()
    assert 0 < is_doubted.sum() < len(MANY)


def test_without_a_model_the_lot_labels_and_what_people_let_come_only_hints() -> None:
    dear = MANY.with_columns(value=pl.lit(9000.0))
    draw, verdict = np.random.default_rng([4, 99]).random((2, len(dear)))

    made = deciding.without_model(dear, draw, POLICY, "no_model")
    known = deciding.training_frame(dear, made, deciding.let_come(dear, made, verdict))

    share = POLICY.audit.bootstrap_share
    assert known["label"].count() / len(known) == pytest.approx(share, abs=0.01)
    assert known.filter(pl.col("label").is_not_null())["weight"].to_numpy() == pytest.approx(1 / share)  # fmt: skip
    assert known["finding"].count() > 0.5 * len(known)
    assert set(NAMES) < set(known.columns)
