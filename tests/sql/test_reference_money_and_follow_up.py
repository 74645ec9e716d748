"""A quarter of a practice shop: money, satisfaction, cases and ills are what its log says, added up by hand."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from follow_up_by_hand import (
    case_ends,
    cases_daily,
    satisfaction_answers,
    satisfaction_by,
    satisfaction_daily,
)
from ills_by_hand import ills_weekly
from lives_by_hand import return_lifecycle
from money_by_hand import cost_monthly, refunds_daily
from quarter import ZONE, Quarter
from same_rows import assert_same_rows
from told import told

from pipelines.costs import default_costs

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
BERLIN = ZoneInfo(ZONE)


@pytest.fixture(scope="module")
def lives(played: Quarter) -> Mapping[str, Mapping[str, Any]]:
    """The lives of all returns, as they are read off the log by hand."""
    return {life["rma"]: life for life in return_lifecycle(played.log, BERLIN)}


Lives = Mapping[str, Mapping[str, Any]]


class TestMoney:
    def test_every_day_has_its_refunds_by_means_and_currency(
        self, played: Quarter, ask: Ask
    ) -> None:
        rows = ask("select * from marts.refunds_daily")

        assert_same_rows(rows, refunds_daily(played.log, BERLIN), ("day", "means", "currency"))

    def test_every_month_has_its_costs(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.cost_monthly")

        expected = cost_monthly(played.log, BERLIN, default_costs())
        assert_same_rows(rows, expected, ("month", "kind", "currency"))

    def test_what_was_paid_is_the_same_whoever_adds_it_up(self, played: Quarter, ask: Ask) -> None:
        in_log = sum(
            event.says["amount_minor"]
            for event in told(played.log)
            if event.type == "refund.settled"
        )
        (daily,) = ask(
            "select sum(refund_minor) as paid, sum(goodwill_minor) as goodwill from marts.refunds_daily"
        )
        (lines,) = ask("select sum(refund_minor) as paid from marts.return_lines")

        assert int(daily["paid"]) == in_log
        assert int(lines["paid"] + daily["goodwill"]) == in_log

    def test_a_months_refunds_and_goodwill_are_those_of_its_days(self, ask: Ask) -> None:
        by_day = ask(
            """select cast(date_trunc('month', day) as date) as month, currency,
                      cast(sum(refund_minor) as bigint) as paid
               from marts.refunds_daily group by all order by all"""
        )
        by_month = ask(
            """select month, currency, cast(sum(amount_minor) as bigint) as paid
               from marts.cost_monthly where kind in ('refunds', 'goodwill') group by all order by all"""
        )

        assert by_month == by_day


class TestSatisfaction:
    def test_every_day_has_its_answers_with_intervals(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.satisfaction_daily")

        assert_same_rows(rows, satisfaction_daily(played.log, BERLIN), ("day",))

    def test_intervals_lie_on_the_scale_around_the_mean(self, ask: Ask) -> None:
        rows = ask("select * from marts.satisfaction_daily where answered > 0")

        assert all(
            1 <= row["csat_low"] <= row["csat_mean"] <= row["csat_high"] <= 5 for row in rows
        )
        assert all(
            0
            <= row["satisfied_low"]
            <= row["satisfied"] / row["answered"]
            <= row["satisfied_high"]
            <= 1
            for row in rows
        )

    def test_every_answer_is_told_with_its_return(
        self, played: Quarter, lives: Lives, ask: Ask
    ) -> None:
        rows = ask("select * from marts.satisfaction_answers")

        assert_same_rows(rows, satisfaction_answers(played.log, lives, BERLIN), ("rma",))

    def test_every_week_is_compared_by_what_the_returns_were_like(
        self, played: Quarter, lives: Lives, ask: Ask
    ) -> None:
        rows = ask("select * from marts.satisfaction_by")

        expected = satisfaction_by(played.log, lives, BERLIN)
        assert_same_rows(rows, expected, ("week_start", "dimension", "value"))

    def test_surveys_and_answers_are_as_many_whoever_counts_them(
        self, played: Quarter, ask: Ask
    ) -> None:
        by_dimension = ask(
            """select dimension, cast(sum(sent) as bigint) as sent,
                      cast(sum(answered) as bigint) as answered,
                      cast(sum(csat_sum) as bigint) as csat
               from marts.satisfaction_by group by dimension"""
        )
        (daily,) = ask(
            """select cast(sum(sent) as bigint) as sent, cast(sum(answered) as bigint) as answered
               from marts.satisfaction_daily"""
        )
        (answers,) = ask(
            "select count(*) as answered, cast(sum(csat) as bigint) as csat from marts.satisfaction_answers"
        )

        assert len(by_dimension) == 5
        assert {row["sent"] for row in by_dimension} == {daily["sent"]}
        assert {row["answered"] for row in by_dimension} == {daily["answered"]}
        assert daily["answered"] == answers["answered"]
        assert {row["csat"] for row in by_dimension} == {answers["csat"]}


class TestCases:
    def test_every_day_has_its_cases(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.cases_daily")

        assert_same_rows(rows, cases_daily(played.log, BERLIN), ("day", "kind"))

    def test_every_end_has_how_long_it_took(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.case_ends")

        assert_same_rows(rows, case_ends(played.log, BERLIN), ("case_id",))

    def test_what_opened_ended_or_is_open(self, played: Quarter, ask: Ask) -> None:
        (sums,) = ask(
            "select sum(opened) as opened, sum(closed) as closed, sum(still_open) as open from marts.cases_daily"
        )
        opened = sum(event.type == "case.opened" for event in played.log)

        assert int(sums["opened"]) == int(sums["closed"] + sums["open"]) == opened


class TestIlls:
    def test_every_week_has_its_measures(self, played: Quarter, lives: Lives, ask: Ask) -> None:
        rows = ask("select * from marts.ills_weekly")
        expected = ask(
            "select sku, week_start from intermediate.sku_expected where units_expected > 0"
        )

        products = {(row["sku"], row["week_start"]) for row in expected}
        by_hand = ills_weekly(played.log, lives, products, BERLIN)
        assert_same_rows(rows, by_hand, ("week_start", "measure"))
        assert {row["ill"] for row in rows} == {
            "laborious",
            "slow",
            "silent",
            "stalled",
            "unanalysed",
        }
