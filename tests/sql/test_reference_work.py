"""A quarter of a practice shop: what waited, at its end and in its midst, is what the events left to be done."""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clocks_by_hand import clocks, overdue_now
from made_of import made_of
from quarter import ZONE, Quarter
from same_rows import assert_same_rows
from work_by_hand import waits_now, work_now

from service.domain.events import RecordedEvent
from service.platform.clock import to_us

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
KEY = ("subject", "kind", "instance")


def by_hand(log: Sequence[RecordedEvent], run: Rows) -> Rows:
    return work_now(log, to_us(run[0]["as_of"].replace(tzinfo=UTC)), ZoneInfo(ZONE))


class TestWorkNow:
    def test_all_that_waits_is_as_followed_event_by_event(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.work_now")

        assert_same_rows(rows, by_hand(played.log, ask("select * from meta.run")), KEY)
        for name in ("is_overdue", "paused", "owner_key", "hours_left", "customer_waits_hours"):
            assert any(row[name] for row in rows), f"nothing tells of {name}"
        assert {row["subject"] == row["rma"] for row in rows} == {True, False}

    def test_every_line_waits_as_the_services_own_table_says(
        self, played: Quarter, ask: Ask
    ) -> None:
        rows = ask("select * from marts.work_now where not paused and subject = rma")

        found = {(row["rma"], row["kind"], row["owner_role"], row["due_at"]) for row in rows}
        assert found == waits_now(played.log)
        assert found

    def test_what_is_overdue_is_beyond_its_first_promise_by_as_much_as_by_hand(
        self, played: Quarter, ask: Ask
    ) -> None:
        (run,) = ask("select as_of from meta.run")
        rows = ask(
            """select subject, kind, max(hours_over) as hours_over from marts.work_now
               where kind in (select distinct clock from intermediate.clocks) and is_overdue
               group by all"""
        )

        as_of_us = to_us(run["as_of"].replace(tzinfo=UTC))
        found = {(row["subject"], row["kind"]): row["hours_over"] for row in rows}
        assert found == pytest.approx(overdue_now(clocks(played.log), as_of_us))
        assert found

    def test_as_much_is_overdue_as_the_forecast_says(self, ask: Ask) -> None:
        clocks = ask(
            """select clock as kind, open_now, overdue_now from marts.sla_forecast
               where clock <> 'decision' and open_now > 0 order by kind"""
        )
        work = ask(
            """select kind, cast(sum(items) as bigint) as open_now,
                      cast(coalesce(sum(items) filter (where is_overdue), 0) as bigint) as overdue_now
               from marts.work_now where kind in (select clock from marts.sla_forecast)
               group by kind order by kind"""
        )

        assert work == clocks
        assert any(row["overdue_now"] for row in clocks)

    @pytest.mark.parametrize("share", [0.5, 0.8])
    def test_so_it_was_in_the_midst_of_the_quarter(self, played: Quarter, share: float) -> None:
        log = played.log[: int(len(played.log) * share)]

        made = made_of(log, ("marts.work_now", "meta.run"), ZONE)

        rows, run = (made[name].to_dicts() for name in ("marts.work_now", "meta.run"))
        assert_same_rows(rows, by_hand(log, run), KEY)
