"""What the model doubts and a lot lets pass, decided over HTTP: the marts count it apart from what the model passes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from house import House
from migrated import open_migrated
from told_port import ToldPort

from retour.settings import Settings
from service.application import Retour
from service.domain.risk import Assessment
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds
from service.policies import default_policy

Ask = Callable[[str], list[dict[str, Any]]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MODEL = "r2026-01-01-00000000"
AUDIT = Assessment(
    "approve", "inspected", "full", 0.25, "model", 1.0, is_audit=True, model_version=MODEL, score=0.01
)  # fmt: skip
DRAWN = replace(AUDIT, propensity=0.04, approve_propensity=0.04, score=0.4, is_drawn_doubt=True)
DOUBTED = replace(
    AUDIT, decision="review", is_audit=False, propensity=0.96, approve_propensity=0.04, score=0.4
)


PORT = ToldPort(AUDIT)


@pytest.fixture(scope="module")
def house(folder: Settings) -> Iterator[House]:
    """A shop with a model."""
    db, clock = open_migrated(folder.database), VirtualClock(NOON)
    retour = Retour(db, default_policy(), PORT, clock, SystemIds(), secret=b"a test's secret")
    with House(retour, clock) as house:
        yield house
    db.dispose()


@pytest.fixture(scope="module")
def ask(house: House, refreshed: Callable[[], Ask]) -> Ask:
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
        PORT.says = says
        house.put_order(f"A-{number}", country="US").raise_for_status()
        house.put_parcel(f"A-{number}").raise_for_status()
        house.rma = house.apply(order_id=f"A-{number}").raise_for_status().json()["rma"]
        if says is DOUBTED:
            house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        house.arrive().find(outcome, grade="A" if outcome == "passed" else "D")
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
