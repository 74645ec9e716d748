"""A quarter of a practice shop: its clocks are those that its events started, held and stopped, and kept as counted by hand."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clocks_by_hand import clocks, sla_daily, sla_forecast
from quarter import ZONE, Quarter
from same_rows import assert_same_rows

from pipelines.warehouse.warehouse import Warehouse
from service.platform.clock import to_us

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
BERLIN = ZoneInfo(ZONE)


@pytest.fixture(scope="module")
def as_of_us(played: Quarter) -> int:
    with Warehouse.of(played.settings) as warehouse:
        assert warehouse.run.as_of
        return to_us(warehouse.run.as_of)


class TestClocks:
    def test_every_clock_ran_as_its_events_tell(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from intermediate.clocks")

        expected = [clock.row(BERLIN) for clock in clocks(played.log)]
        assert_same_rows(rows, expected, ("subject", "clock", "instance"))


class TestSlaDaily:
    def test_every_day_is_as_counted_by_hand(
        self, played: Quarter, ask: Ask, as_of_us: int
    ) -> None:
        rows = ask("select * from marts.sla_daily")

        expected = sla_daily(clocks(played.log), BERLIN, as_of_us)
        assert_same_rows(rows, list(expected), ("day", "clock"))

    def test_every_clock_is_counted_once_and_as_one_thing(self, ask: Ask) -> None:
        (daily,) = ask(
            """select cast(sum(opened) as bigint) as opened,
                      cast(sum(met + breached + still_open + no_due) as bigint) as parts
               from marts.sla_daily"""
        )
        (started,) = ask("select count(*) as opened from intermediate.clocks")

        assert daily["opened"] == daily["parts"] == started["opened"]


class TestSlaForecast:
    def test_the_chances_add_up_as_by_hand(self, played: Quarter, ask: Ask, as_of_us: int) -> None:
        rows = ask("select * from marts.sla_forecast")

        assert_same_rows(rows, list(sla_forecast(clocks(played.log), as_of_us)), ("clock",))
        assert any(row["due_24h"] for row in rows)
