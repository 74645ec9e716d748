"""A quarter of a practice shop: how returns went and how long that took is as followed event by event."""

from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clocks_by_hand import clocks
from process_by_hand import (
    policy_rules_weekly,
    process_edges,
    reviewer_weekly,
    stage_daily,
)
from quarter import ZONE, Quarter
from same_rows import assert_same_rows

from pipelines.process import design
from service.domain.events import RecordedEvent

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
BERLIN = ZoneInfo(ZONE)


# Each move of a return of one line that the design does not know.
STRAYS = """
    with words as (
        select distinct step_no, step from staging.return_steps union all select 0, 'start'
    )
    select moves.rma
    from intermediate.return_moves as moves
    inner join words as came_from on came_from.step_no = moves.from_no
    inner join words as went_to on went_to.step_no = moves.to_no
    inner join (select rma from intermediate.lines_now group by rma having count(*) = 1) as single
        on single.rma = moves.rma
    left join marts.process_design as design
        on design.from_step = came_from.step and design.to_step = went_to.step
    where design.from_step is null
"""


def told_late(log: Iterable[RecordedEvent]) -> set[str]:
    """The subjects of which something was told after what happened later."""
    newest: dict[str, int] = {}
    late = set()
    for event in log:
        if event.time_us < newest.get(event.subject, 0):
            late.add(event.subject)
        newest[event.subject] = max(event.time_us, newest.get(event.subject, 0))
    return late


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

    def test_no_return_of_one_line_leaves_the_designed_ways_but_where_a_fact_was_told_late(
        self, played: Quarter, ask: Ask
    ) -> None:
        """Goods that were given up for lost may have lain at the dock already: in order of time they came before."""
        (found,) = ask("select sum(strays) as strays, sum(cases) as cases from marts.process_edges")

        strayed = [row["rma"] for row in ask(STRAYS)]

        assert found["strays"] == len(strayed)
        assert found["cases"] > 0
        assert set(strayed) <= told_late(played.log)
        assert len(set(strayed)) < 5


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
