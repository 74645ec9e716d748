"""What Dagster shows of the newest model, and whether somebody is told of it."""

import dagster as dg
import pytest

from models.risk.compare import Comparison
from models.risk.golden import LEAST_ROWS, Reproduction
from models.risk.measure import Interval
from pipelines.defs.risk.training import champion_checks
from pipelines.risk.promotion import Judgement
from pipelines.risk.seen import Parity

SAME = Parity(assessments=7, fields=70, differing=0, first=None, missing=0)
NONE_CERTIFIED = "nothing is certified"


def judgement(
    *, is_certified: bool = True, saving_low: float = 1.0, differing: int = 0
) -> Judgement:
    comparison = Comparison(
        labels=300,
        champion_cost=12.0,
        challenger_cost=10.0,
        saving=Interval(2.0, saving_low, 3.0),
        against=() if is_certified else (NONE_CERTIFIED,),
    )
    golden = Reproduction(LEAST_ROWS, tuple(range(differing)))
    return Judgement("r1", is_certified, golden, SAME, comparison, None, is_promoted=False)


def checks(
    found: Judgement | None, seen: Parity = SAME, *, has_champion: bool = False
) -> dict[str | None, dg.AssetCheckResult]:
    made = champion_checks(found, seen, "12 requests are labelled", has_champion=has_champion)
    return {each.check_name: each for each in made}


def told(found: dict[str | None, dg.AssetCheckResult]) -> dict[str | None, str | None]:
    """Of each check that fails and that somebody is told of, why."""
    return {
        name: each.description
        for name, each in found.items()
        if not each.passed and "nothing_to_mend" not in each.metadata
    }


def test_a_cold_start_fails_nothing_that_was_not_judged_and_tells_nobody() -> None:
    found = checks(None)

    assert told(found) == {}
    assert {name for name, each in found.items() if each.passed} == {"golden", "parity"}
    assert (
        found["certificate"].description == found["cost"].description == "12 requests are labelled"
    )


@pytest.mark.parametrize("found", [judgement(saving_low=-1.0), judgement(is_certified=False)])
def test_a_challenger_that_is_merely_not_better_is_shown_and_told_nobody(found: Judgement) -> None:
    made = checks(found)

    assert told(made) == {}
    assert sum(not each.passed for each in made.values()) == 1


def test_somebody_is_told_that_a_certificate_has_ended_and_why() -> None:
    assert told(checks(judgement(is_certified=False), has_champion=True)) == {
        "certificate": NONE_CERTIFIED
    }
    assert told(checks(None, has_champion=True)) == {"certificate": "12 requests are labelled"}


def test_somebody_is_told_of_answers_and_features_that_differ_and_of_how_many() -> None:
    seen = Parity(assessments=7, fields=70, differing=2, first="hour of R1", missing=1)

    assert told(checks(judgement(differing=3), seen)) == {
        "golden": f"3 of its {LEAST_ROWS} golden rows come out otherwise",
        "parity": "2 of 70 fields differ, first hour of R1; 1 of 7 assessments could not be compared",
    }
