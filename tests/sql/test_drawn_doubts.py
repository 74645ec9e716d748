"""What the model doubts and a lot lets pass, decided over HTTP: the marts count it apart from what the model passes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from judged_house import MODEL, JudgedHouse, judged_house

from retour.settings import Settings
from service.domain.risk import Assessment

Ask = Callable[[str], list[dict[str, Any]]]
AUDIT = Assessment(
    "approve", "inspected", "full", 0.25, "model", 1.0, is_audit=True, model_version=MODEL, score=0.01
)  # fmt: skip
DRAWN = replace(AUDIT, propensity=0.04, approve_propensity=0.04, score=0.4, is_drawn_doubt=True)
DOUBTED = replace(
    AUDIT, decision="review", is_audit=False, propensity=0.96, approve_propensity=0.04, score=0.4
)


@pytest.fixture(scope="module")
def house(folder: Settings) -> Iterator[JudgedHouse]:
    with judged_house(folder.database) as house:
        yield house


@pytest.fixture(scope="module")
def ask(house: JudgedHouse, refreshed: Callable[[], Ask]) -> Ask:
    """The model passed two, both sound; of its doubts the lot let three pass, two of them abusive, and a person one."""
    cases = (
        (AUDIT, "passed"),
        (AUDIT, "passed"),
        (DRAWN, "failed"),
        (DRAWN, "failed"),
        (DRAWN, "passed"),
        (DOUBTED, "passed"),
    )
    for number, (says, outcome) in enumerate(cases):
        house.apply_judged(f"A-{number}", says)
        if says is DOUBTED:
            house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        house.find_whole_or_broken(outcome)
    return refreshed()


def test_the_weekly_rate_of_abuse_is_that_of_what_the_model_passed(ask: Ask) -> None:
    (row,) = ask(
        """select scored, approved, auto_share, audits_drawn, audited, audits_abusive, abuse_rate, audited_effective
           from marts.risk_monitor_weekly"""
    )

    assert tuple(row.values()) == (6, 2, pytest.approx(2 / 6), 2, 2, 0, 0.0, 2.0)


def test_what_the_lot_let_pass_of_its_doubts_is_told_by_itself(ask: Ask) -> None:
    (row,) = ask(
        "select doubts_drawn, doubts_inspected, doubts_abusive from marts.risk_monitor_weekly"
    )

    assert tuple(row.values()) == (3, 3, 2)


def test_its_labels_count_as_audits_and_those_of_a_person_beside_them_are_marked(ask: Ask) -> None:
    rows = ask(
        """select decisions.is_drawn_doubt, labels.is_beside_drawn, decisions.label, decisions.label_source,
                  labels.full_propensity
           from marts.risk_decisions as decisions
           inner join intermediate.risk_labels as labels on labels.rma = decisions.rma
           where decisions.score > 0.1 order by all"""
    )

    assert [tuple(row.values()) for row in rows] == [
        (False, True, 0, "full_inspection", 0.96),
        (True, False, 0, "audit", 0.04),
        (True, False, 1, "audit", 0.04),
        (True, False, 1, "audit", 0.04),
    ]
