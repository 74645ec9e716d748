"""A product whose flag was answered is flagged again on new evidence alone."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.products.dismissed import Evidence, another_problem, new_evidence

THEN = Evidence(
    lift=2.0,
    lift_low=1.5,
    lift_high=2.5,
    units_expected=20.0,
    excess_units=20.0,
    since=date(2026, 3, 2),
    stream="defect",
    cause="damaged",
    culprit="lot:L2",
)
DISMISSED_ON = date(2026, 4, 15)


class TestNewEvidence:
    @pytest.mark.parametrize(
        "changed",
        [
            {},
            {"since": date(2026, 4, 13)},
            {"since": None},
            {"since": date(2026, 2, 2)},
            {"stream": None, "cause": None, "culprit": None},
            {"stream": "all"},
            {"excess_units": 29.9},
            {"excess_units": 100.0, "units_expected": 100.0},
            {"excess_units": 59.9, "units_expected": 40.0},
            {"excess_units": 219.9, "units_expected": 120.0},
            {"excess_units": 32.4, "units_expected": 15.0, "since": date(2026, 3, 30)},
            {"lift": 9.0, "lift_low": 4.0},
        ],
    )
    def test_more_of_the_same_is_none(self, changed: dict[str, Any]) -> None:
        assert new_evidence(THEN, DISMISSED_ON, replace(THEN, **changed)) is None

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"since": date(2026, 4, 20)}, "began_later"),
            ({"stream": "size_fit"}, "another_stream"),
            ({"cause": "wrong_item"}, "another_cause"),
            ({"culprit": "lot:L3"}, "another_culprit"),
            ({"excess_units": 30.0}, "excess_grew"),
            ({"excess_units": 60.0, "units_expected": 40.0}, "excess_grew"),
            ({"excess_units": 220.0, "units_expected": 120.0}, "excess_grew"),
            (
                {"excess_units": 32.5, "units_expected": 15.0, "since": date(2026, 3, 30)},
                "excess_grew",
            ),
            ({"lift": 6.0, "lift_low": 4.1}, "lift_grew"),
        ],
    )
    def test_what_the_buyer_could_not_have_seen_is(self, changed: dict[str, Any], why: str) -> None:
        assert new_evidence(THEN, DISMISSED_ON, replace(THEN, **changed)) == why

    def test_twice_a_very_small_excess_is_still_small(self) -> None:
        small = replace(THEN, excess_units=2.0, units_expected=20.0)
        later = replace(small, units_expected=21.0)

        assert new_evidence(small, DISMISSED_ON, replace(later, excess_units=13.0)) is None
        assert new_evidence(small, DISMISSED_ON, replace(later, excess_units=14.0)) == "excess_grew"

    def test_what_was_known_vaguely_may_turn_out_as_bad_as_was_to_be_feared(self) -> None:
        young = replace(THEN, lift_high=6.0, excess_units=4.0, units_expected=4.0)
        later = replace(young, units_expected=14.0)

        assert new_evidence(young, DISMISSED_ON, replace(later, excess_units=63.0)) is None
        assert new_evidence(young, DISMISSED_ON, replace(later, excess_units=64.0)) == "excess_grew"

    def test_a_flag_of_an_older_detector_names_nothing_to_compare(self) -> None:
        old = replace(THEN, stream=None, cause=None, culprit=None)

        assert new_evidence(old, DISMISSED_ON, replace(THEN, stream="size_fit")) is None

    @given(
        st.floats(0, 1000),
        st.floats(0.1, 50),
        st.integers(-200, 200),
        st.sampled_from([None, "all", "defect"]),
    )
    def test_the_same_evidence_never_is(
        self, excess: float, lift: float, days: int, stream: str | None
    ) -> None:
        since = DISMISSED_ON - timedelta(days=abs(days))
        found = Evidence(lift, lift / 2, lift * 2, excess, excess, since, stream)

        assert new_evidence(found, DISMISSED_ON, found) is None


class TestAnotherProblem:
    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"since": date(2026, 4, 20)}, "began_later"),
            ({"stream": "size_fit"}, "another_stream"),
            ({"cause": "wrong_item"}, "another_cause"),
            ({"culprit": "lot:L3"}, None),
            ({"excess_units": 90.0}, None),
            ({"lift": 6.0, "lift_low": 4.1}, None),
        ],
    )
    def test_is_what_the_action_was_not_meant_for_and_not_more_of_the_same(
        self, changed: dict[str, Any], why: str | None
    ) -> None:
        assert another_problem(THEN, DISMISSED_ON, replace(THEN, **changed)) == why
