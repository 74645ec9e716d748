"""What inspections of approvals tell of abuse, decided over HTTP: what stands for itself is counted, what was drawn corrects it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from judged_house import MODEL, JudgedHouse, judged_house

from dashboards.queries.automation import estimated
from retour.settings import Settings
from service.domain.risk import Assessment

Ask = Callable[[str], list[dict[str, Any]]]
DRAWN = Assessment(
    "approve", "inspected", "full", 0.25, "model", 1.0, is_audit=True, model_version=MODEL, score=0.01
)  # fmt: skip
PLAIN = replace(DRAWN, inspection="basic", propensity=0.75, is_audit=False)
LOOKED_AT_CLOSELY = replace(DRAWN, propensity=1.0, is_audit=False, score=0.05)


@pytest.fixture(scope="module")
def house(folder: Settings) -> Iterator[JudgedHouse]:
    with judged_house(folder.database) as house:
        yield house


@pytest.fixture(scope="module")
def row(house: JudgedHouse, refreshed: Callable[[], Ask]) -> dict[str, Any]:
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
        house.apply_judged(f"A-{number}", says)
        if outcome:
            house.find_whole_or_broken(outcome)
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
