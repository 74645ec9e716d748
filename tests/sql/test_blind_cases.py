"""Blind cases judged over HTTP: the marts set what people decided beside what the model would have, and learn from neither wrongly."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from judged_house import MODEL, JudgedHouse, judged_house

from retour.settings import Settings
from service.domain.risk import Assessment

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
DOUBTED = Assessment(
    "review",
    "inspected",
    "full",
    1.0,
    "model",
    0.0,
    model_version=MODEL,
    score=0.4,
)
PASSED = replace(DOUBTED, score=0.01, propensity=0.25, approve_propensity=0.75)
AUTHORIZE = {"decision": "authorize", "reason_code": "goodwill"}
DECLINE = {"decision": "decline", "reason_code": "misuse"}


@pytest.fixture(scope="module")
def house(folder: Settings) -> Iterator[JudgedHouse]:
    with judged_house(folder.database) as house:
        yield house


@pytest.fixture(scope="module")
def ask(house: JudgedHouse, refreshed: Callable[[], Ask]) -> Ask:
    """Of what would have passed, three cases, one declined; of what was doubted, two blind and one explained."""
    cases = (
        ("passed", replace(PASSED, hidden_decision="approve"), AUTHORIZE, 10),
        ("passed", replace(PASSED, hidden_decision="approve"), AUTHORIZE, 20),
        ("passed", replace(PASSED, hidden_decision="approve"), DECLINE, 90),
        ("doubted", replace(DOUBTED, hidden_decision="review"), AUTHORIZE, 40),
        ("doubted", replace(DOUBTED, hidden_decision="review"), DECLINE, 50),
        ("told", DOUBTED, DECLINE, 5),
    )
    for number, (name, says, decides, minutes) in enumerate(cases):
        house.apply_judged(f"{name}-{number}", says)
        house.wait(minutes=minutes)
        house.does("reviewer", "decision", **decides)
        if decides is AUTHORIZE:
            house.find_whole_or_broken("passed")
    return refreshed()


def test_people_are_counted_beside_what_the_model_would_have_decided(ask: Ask) -> None:
    rows = ask(
        """select sent_by, decided, authorized, median_minutes from marts.risk_reviews_weekly order by sent_by"""
    )

    assert [tuple(row.values()) for row in rows] == [
        ("blind_doubted", 2, 1, 45.0),
        ("blind_passed", 3, 2, 20.0),
        ("model", 1, 0, 5.0),
    ]


def test_each_reviewer_s_judgement_is_compared_with_the_model_s_where_it_was_not_told(
    ask: Ask,
) -> None:
    (row,) = ask(
        "select decided, blind, blind_agreed, blind_median_minutes from marts.reviewer_weekly"
    )

    assert tuple(row.values()) == (6, 5, 3, 40.0)


def test_what_the_lot_sent_to_a_person_teaches_the_model_nothing_and_the_rest_does(
    ask: Ask,
) -> None:
    """An approval in its stead counts for it already; a doubt without its reasons was acted on like one with them."""
    rows = ask(
        """select decisions.hidden_decision, decisions.label, labels.is_full_by_decision as counts,
                  decisions.audit_weight
           from marts.risk_decisions as decisions
           inner join intermediate.risk_labels as labels on labels.rma = decisions.rma
           where decisions.label is not null order by all"""
    )

    assert [tuple(row.values()) for row in rows] == [
        ("approve", 0, False, None),
        ("approve", 0, False, None),
        ("review", 0, True, 1000),
    ]


def test_none_of_them_passed_by_itself(ask: Ask) -> None:
    (row,) = ask("select scored, approved, auto_share from marts.risk_monitor_weekly")

    assert tuple(row.values()) == (6, 0, 0.0)
