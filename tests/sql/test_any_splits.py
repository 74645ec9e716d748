"""Whatever the dock receives and finds, in any order: the mart holds the lines that the service holds."""

from collections.abc import Callable
from typing import Any

import pytest
from dock_stories import HELD, Stories, found, held
from house import House
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lines_by_hand import return_lines
from same_rows import assert_same_rows

pytestmark = pytest.mark.slow

Ask = Callable[[str], list[dict[str, Any]]]
Step = tuple[str, dict[str, Any]]

_LINES = st.integers(1, 3)
_OUTCOMES = ("passed", "failed", "short", "wrong_item")


def _arrival(line_no: int, quantity: int) -> Step:
    return "parcels", {"lines": [{"line_no": line_no, "quantity": quantity}]}


def _inspection(line_no: int, units: list[str], extra: int) -> Step:
    """Each unit of a line has an outcome; and there may be units of something else in the parcel."""
    findings = [(each, units.count(each), "B") for each in _OUTCOMES if each in units]
    unexpected = [{"sku": "CHARGER", "quantity": extra}] if extra else []
    return "inspections", found(line_no, *findings, unexpected=unexpected)


_ARRIVALS = st.builds(_arrival, _LINES, st.integers(1, 4))
_INSPECTIONS = st.builds(
    _inspection,
    _LINES,
    st.lists(st.sampled_from(_OUTCOMES), min_size=1, max_size=3),
    st.sampled_from((0, 0, 2)),
)
STEPS = st.lists(_ARRIVALS | _INSPECTIONS, min_size=2, max_size=8)


@pytest.fixture(scope="module")
def stories(house: House) -> Stories:
    return Stories(house)


class TestWhateverTheDockDoes:
    @given(plots=st.lists(st.tuples(st.integers(1, 3), STEPS), min_size=5, max_size=9))
    @hypothesis_settings(
        max_examples=5,
        phases=[Phase.generate],  # the shop remembers what was tried: there is nothing to shrink
        suppress_health_check=[HealthCheck.too_slow],
    )
    def test_every_line_is_as_the_service_holds_it_and_its_events_tell(
        self,
        plots: list[tuple[int, list[Step]]],
        stories: Stories,
        refreshed: Callable[[], Ask],
    ) -> None:
        for quantity, steps in plots:
            house = stories.applied(f"plot-{len(stories.rmas)}", quantity)
            for what, body in steps:
                play(house, what, body)

        told = refreshed()("select * from marts.return_lines")

        assert sorted(tuple(row[name] for name in HELD) for row in told) == held(stories.house)
        log = list(stories.house.retour.read_log(0, 10_000))
        assert_same_rows(told, return_lines(log), ("rma", "line_no"))


def play(house: House, what: str, body: dict[str, Any]) -> None:
    """The dock tries something; it may be refused."""
    if what == "parcels":
        house.call("inspector", "POST", "/v1/parcels", json={"rma": house.rma, **body})
    else:
        house.tries("inspector", what, **body)
