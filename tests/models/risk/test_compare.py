"""A challenger takes the place only if nothing speaks against it, and what does is said in words."""

import numpy as np
import polars as pl
import pytest

from models.risk.compare import Comparison, compare
from models.risk.golden import Reproduction
from models.risk.rules import RiskRules

RULES = RiskRules(review_minutes=4, review_minute_minor=60, delay_day_minor=100, loss_share=0.5)
REVIEW = 4 * 60 + 100


def requests(rows: int, better: float, seed: int = 1) -> pl.DataFrame:
    """Requests of which the champion approves 60 %, the challenger `better` more, none of them abusive."""
    chance = np.random.default_rng(seed)
    order = chance.random(rows)
    return pl.DataFrame(
        {
            "champion": order < 0.6,
            "challenger": order < 0.6 + better,
            "label": (order > 0.9).astype(np.int8),
            "weight": chance.choice([1.0, 4.0], rows),
            "value": chance.uniform(1000, 9000, rows),
        }
    )


def compared(
    asked: pl.DataFrame,
    *,
    is_certified: bool = True,
    rows: int = 400,
    differing: tuple[int, ...] = (),
    is_in_parity: bool = True,
    contradicted_by: str | None = None,
) -> Comparison:
    return compare(
        asked,
        RULES,
        is_certified=is_certified,
        golden=Reproduction(rows, differing),
        is_in_parity=is_in_parity,
        contradicted_by=contradicted_by,
        seed=1,
    )


def test_a_cheaper_challenger_is_better() -> None:
    found = compared(requests(2000, 0.1))
    assert found.is_better
    assert found.saving.low < found.saving.value < found.saving.high
    assert found.saving.value == pytest.approx(0.1 * REVIEW, rel=0.2)
    assert found.champion_cost - found.challenger_cost == pytest.approx(found.saving.value)


@pytest.mark.parametrize("better", [0.0, -0.1])
def test_one_that_is_no_cheaper_is_not(better: float) -> None:
    found = compared(requests(2000, better))
    assert [reason[:8] for reason in found.against] == ["it saves"]


def test_approving_abuse_costs_its_loss() -> None:
    asked = pl.DataFrame(
        {
            "champion": [False] * 300,
            "challenger": [True] * 300,
            "label": [1] * 300,
            "weight": [1.0] * 300,
            "value": [5000.0] * 300,
        }
    )
    found = compared(asked)
    assert (found.champion_cost, found.challenger_cost) == (REVIEW, 2500)
    assert not found.is_better


def test_everything_that_speaks_against_is_said() -> None:
    found = compared(requests(100, 0.3), is_certified=False, differing=(3,), is_in_parity=False)
    assert found.against == (
        "nothing is certified",
        "100 later requests are labelled, at least 200 are needed",
        "1 of its 400 golden rows come out otherwise",
        "features differ between log and lake",
    )
    assert not compared(requests(2000, 0.1), rows=10).is_better


def test_what_is_certified_for_nothing_is_told_no_saving_of_nothing() -> None:
    idle = requests(2000, 0.1).with_columns(challenger=pl.col("champion"))

    assert compared(idle, is_certified=False).against == ("nothing is certified",)
    of_late = compared(idle, is_certified=False, contradicted_by="newest_findings").against
    assert of_late == ("nothing is certified: of late inspections find more than before",)
    (why,) = compared(idle).against
    assert "does not lie above 0" in why


def test_unlabelled_requests_do_not_count() -> None:
    asked = requests(2000, 0.1).with_columns(
        pl.when(pl.int_range(pl.len()) < 50).then("label").alias("label")
    )
    assert compared(asked).labels == 50


def test_no_requests_at_all_are_no_reason_to_promote() -> None:
    found = compared(requests(10, 0.1).clear())
    assert (found.labels, found.saving.value, found.is_better) == (0, 0.0, False)


def test_the_interval_covers_a_saving_of_nothing_as_often_as_it_says() -> None:
    cheaper = wrong = 0
    for seed in range(60):
        chance = np.random.default_rng([seed, 1])  # apart from what drew the labels
        asked = requests(400, 0.0, seed).with_columns(
            pl.Series("champion", chance.random(400) < 0.5),
            pl.Series("challenger", chance.random(400) < 0.5),
        )
        found = compared(asked)
        cheaper += found.saving.value > 0
        wrong += found.is_better
    assert cheaper >= 20
    assert wrong <= 6
