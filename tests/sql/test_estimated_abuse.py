"""What inspections of approvals tell of abuse, decided over HTTP: what stands for itself is counted, what was drawn corrects it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from house import House
from migrated import open_migrated
from told_port import ToldPort

from dashboards.queries.automation import estimated
from retour.settings import Settings
from service.application import Retour
from service.domain.risk import Assessment
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds
from service.policies import default_policy

Ask = Callable[[str], list[dict[str, Any]]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MODEL = "r2026-01-01-00000000"
DRAWN = Assessment(
    "approve", "inspected", "full", 0.25, "model", 1.0, is_audit=True, model_version=MODEL, score=0.01
)  # fmt: skip
PLAIN = replace(DRAWN, inspection="basic", propensity=0.75, is_audit=False)
LOOKED_AT_CLOSELY = replace(DRAWN, propensity=1.0, is_audit=False, score=0.05)
PORT = ToldPort(DRAWN)


@pytest.fixture(scope="module")
def house(folder: Settings) -> Iterator[House]:
    """A shop with a model."""
    db, clock = open_migrated(folder.database), VirtualClock(NOON)
    retour = Retour(db, default_policy(), PORT, clock, SystemIds(), secret=b"a test's secret")
    with House(retour, clock) as house:
        yield house
    db.dispose()


@pytest.fixture(scope="module")
def row(house: House, refreshed: Callable[[], Ask]) -> dict[str, Any]:
    """The only week: one audit, three quick looks of which one fails, one full inspection by decision that fails, and one
    parcel that has not come yet."""
    cases = (
        (DRAWN, "passed"),
        (PLAIN, "passed"),
        (PLAIN, "passed"),
        (PLAIN, "failed"),
        (LOOKED_AT_CLOSELY, "failed"),
        (PLAIN, None),
    )
    for number, (says, outcome) in enumerate(cases):
        PORT.says = says
        house.put_order(f"A-{number}", country="US").raise_for_status()
        house.put_parcel(f"A-{number}").raise_for_status()
        house.rma = house.apply(order_id=f"A-{number}").raise_for_status().json()["rma"]
        if outcome:
            house.arrive().find(outcome, grade="A" if outcome == "passed" else "D")
    (row,) = refreshed()("select * from marts.risk_monitor_weekly")
    return row


def test_who_was_not_drawn_for_others_and_is_inspected_counts(row: dict[str, Any]) -> None:
    assert (row["approved"], row["audited"], row["looked_at"], row["failed"]) == (6, 2, 4, 2)


def test_the_audit_that_stands_for_four_corrects_what_failed(row: dict[str, Any]) -> None:
    """By hand: 2.5 of 5 failed; audits worth 25 / 17, of them a fifth abusive, beside four expected to fail."""
    audits = 25 / 17
    assert row["audited_effective"] == pytest.approx(audits)
    assert row["estimated_rate"] == pytest.approx(0.5 * (4 + audits / 5) / (4 + audits / 2))


def test_the_page_reckons_a_period_as_the_mart_does_a_week(row: dict[str, Any]) -> None:
    found = estimated(4, 2, row["audited_effective"], row["audited_effective"] * row["abuse_rate"])
    assert found is not None
    assert (found.rate, found.low, found.high) == pytest.approx(
        (row["estimated_rate"], row["estimated_low"], row["estimated_high"])
    )
