"""A quarter of a practice shop: its returns' lines and its days are what the events tell, followed one by one."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lines_by_hand import return_lines, volume_daily
from quarter import ZONE, Quarter
from same_rows import assert_same_rows

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]


class TestReturnLines:
    def test_every_line_is_as_its_events_tell(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.return_lines")

        expected = return_lines(played.log)
        assert_same_rows(rows, expected, ("rma", "line_no"))
        assert rows[0].keys() == expected[0].keys()


class TestVolumeDaily:
    def test_every_day_is_as_counted_by_hand(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.volume_daily")

        expected = volume_daily(played.log, ZoneInfo(ZONE))
        assert_same_rows(rows, expected, ("day",))
        assert rows[0].keys() == expected[0].keys()
