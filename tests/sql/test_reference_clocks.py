"""A quarter of a practice shop: its clocks are those that its events started, held and stopped, and kept as counted by hand."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clocks_by_hand import clocks, forecast_scores, sla_daily, sla_forecast
from quarter import ZONE, Quarter
from same_rows import assert_same_rows
from told import HOUR_US

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

    def test_past_ones_stand_beside_what_came(
        self, played: Quarter, ask: Ask, as_of_us: int
    ) -> None:
        rows = ask("select * from marts.forecast_scores")

        expected = list(forecast_scores(clocks(played.log), as_of_us))
        assert_same_rows(rows, expected, ("clock", "looked_at"))
        assert {row["breaches"] is None for row in rows} == {True, False}

    @pytest.mark.parametrize("hours_ago", range(0, 24, 4))
    def test_the_interval_holds_at_any_hour_of_the_day(
        self, played: Quarter, as_of_us: int, hours_ago: int
    ) -> None:
        """On nine days of ten, as is said, but for two weeks of the quarter in which twice as much is late as before."""
        rows = forecast_scores(clocks(played.log), as_of_us - hours_ago * HOUR_US)
        past = [row for row in rows if row["breaches"] is not None]

        held = [row["expected_low"] <= row["breaches"] <= row["expected_high"] for row in past]
        assert sum(held) / len(held) > 0.8
