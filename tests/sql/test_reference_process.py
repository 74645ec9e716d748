"""A quarter of a practice shop: how returns went, how long that took and what waits is as followed event by event."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clocks_by_hand import clocks
from process_by_hand import (
    policy_rules_weekly,
    process_edges,
    reviewer_weekly,
    stage_daily,
    waits_now,
)
from quarter import ZONE, Quarter
from same_rows import assert_same_rows

from pipelines.process import design

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
BERLIN = ZoneInfo(ZONE)


class TestProcess:
    def test_every_edge_is_as_followed_return_by_return(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.process_edges")

        assert_same_rows(rows, process_edges(played.log, design()), ("from_step", "to_step"))

    def test_what_comes_to_a_step_leaves_it_but_for_what_stands_there(self, ask: Ask) -> None:
        flows = ask(
            """select step, cast(sum(came) as bigint) as came, cast(sum(left_it) as bigint) as left_it
               from (select to_step as step, cases as came, 0 as left_it from marts.process_edges
                     union all select from_step, 0, cases from marts.process_edges)
               where step <> 'start' group by step"""
        )
        standing = {
            row["step"]: row["returns"]
            for row in ask(
                """select step, count(*) as returns
                   from (select arg_max(step, (happened_at, seq)) as step
                         from staging.return_steps group by rma) group by step"""
            )
        }

        assert {row["step"]: row["came"] - row["left_it"] for row in flows} == {
            row["step"]: standing.get(row["step"], 0) for row in flows
        }

    def test_no_return_of_one_line_leaves_the_designed_ways(self, ask: Ask) -> None:
        (strays,) = ask(
            "select sum(strays) as strays, sum(cases) as cases from marts.process_edges"
        )

        assert strays["strays"] == 0
        assert strays["cases"] > 0


class TestStages:
    def test_every_day_is_as_timed_by_hand(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.stage_daily")

        expected = stage_daily(played.log, clocks(played.log), BERLIN)
        assert_same_rows(rows, list(expected), ("day", "stage", "owner_role"))


class TestReviewers:
    def test_every_week_is_as_counted_by_hand(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.reviewer_weekly")

        expected = reviewer_weekly(played.log, clocks(played.log), BERLIN)
        assert_same_rows(rows, list(expected), ("week_start", "reviewer_key"))


class TestRules:
    def test_every_week_is_as_counted_by_hand(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.policy_rules_weekly")

        expected = policy_rules_weekly(played.log, BERLIN)
        assert_same_rows(rows, list(expected), ("week_start", "policy_version", "rule"))


class TestWorkNow:
    def test_every_line_waits_as_the_services_own_table_says(
        self, played: Quarter, ask: Ask
    ) -> None:
        rows = ask("select * from marts.work_now where not paused and subject = rma")

        found = {(row["rma"], row["kind"], row["owner_role"], row["due_at"]) for row in rows}
        assert found == waits_now(played.log)
        assert found
