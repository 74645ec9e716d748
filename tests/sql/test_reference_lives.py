"""A quarter of a practice shop: every return's life is the one that its events tell, read one by one."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lives_by_hand import by_rma, return_lifecycle
from quarter import ZONE, Quarter
from same_rows import assert_same_rows

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
BERLIN = ZoneInfo(ZONE)


class TestReturnLifecycle:
    def test_every_return_is_as_its_events_tell(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select * from marts.return_lifecycle")

        assert_same_rows(rows, return_lifecycle(played.log, BERLIN), ("rma",))

    def test_every_return_is_there_once(self, played: Quarter, ask: Ask) -> None:
        rows = ask("select rma from marts.return_lifecycle")

        assert sorted(row["rma"] for row in rows) == sorted(by_rma(played.log))
