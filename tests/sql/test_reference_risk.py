"""A quarter of a practice shop: what was judged by risk, and how abusive what passed was, are what its log says by hand."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from quarter import ZONE, Quarter
from risk_by_hand import risk_decisions, risk_monitor_weekly, risk_reviews_weekly
from same_rows import assert_same_rows

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
BERLIN = ZoneInfo(ZONE)


@pytest.fixture(scope="module")
def decisions(played: Quarter) -> Rows:
    return risk_decisions(played.log, BERLIN)


class TestDecisions:
    def test_every_judged_application_has_its_decision_and_what_became_known(
        self, decisions: Rows, ask: Ask
    ) -> None:
        assert_same_rows(ask("select * from marts.risk_decisions"), decisions, ("rma",))
        assert {row["label"] for row in decisions} == {0, 1, None}
        assert {row["label_source"] for row in decisions} >= {"audit", "basic_inspection", None}

    def test_an_approval_that_nobody_inspected_in_full_is_never_called_honest(
        self, ask: Ask
    ) -> None:
        assert (
            ask(
                "select rma from intermediate.risk_labels where label = 0 and depth is distinct from 'full'"
            )
            == []
        )

    def test_withdrawals_are_not_judged(self, ask: Ask) -> None:
        (row,) = ask(
            """select count(*) as judged from marts.risk_decisions as decisions
               inner join lake.return_withdrawn as withdrawn on withdrawn.rma = decisions.rma"""
        )
        assert row["judged"] == 0


class TestMonitor:
    def test_every_week_has_its_shares_and_rates(self, decisions: Rows, ask: Ask) -> None:
        rows = ask("select * from marts.risk_monitor_weekly")

        assert_same_rows(rows, risk_monitor_weekly(decisions), ("week_start", "model_version"))

    def test_every_week_has_what_people_decided(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.risk_reviews_weekly")

        assert_same_rows(rows, risk_reviews_weekly(played.log, BERLIN), ("week_start", "sent_by"))


class TestParity:
    def test_every_assessment_of_the_quarter_saw_what_the_warehouse_computes(
        self, decisions: Rows, ask: Ask
    ) -> None:
        rows = ask("select * from features.risk_parity")

        assert len(rows) == len(decisions)
        assert [row for row in rows if row["differing"]] == []
        assert min(row["compared"] for row in rows) > 40
