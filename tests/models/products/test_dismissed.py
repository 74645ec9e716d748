"""A dismissed product is flagged again on new evidence alone."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.products.dismissed import Evidence, new_evidence

THEN = Evidence(
    probability=0.97,
    lift=2.0,
    lift_low=1.5,
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
            {"probability": 0.999},
            {"since": date(2026, 4, 13)},
            {"since": None},
            {"since": date(2026, 2, 2)},
            {"stream": None, "cause": None, "culprit": None},
            {"excess_units": 39.9},
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
            ({"excess_units": 40.0}, "excess_grew"),
            ({"lift": 6.0, "lift_low": 4.1}, "lift_grew"),
        ],
    )
    def test_what_the_buyer_could_not_have_seen_is(self, changed: dict[str, Any], why: str) -> None:
        assert new_evidence(THEN, DISMISSED_ON, replace(THEN, **changed)) == why

    def test_twice_a_very_small_excess_is_still_small(self) -> None:
        small = replace(THEN, excess_units=2.0)

        assert new_evidence(small, DISMISSED_ON, replace(small, excess_units=6.0)) is None
        assert new_evidence(small, DISMISSED_ON, replace(small, excess_units=12.0)) == "excess_grew"

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
        found = Evidence(
            0.9, lift, lift / 2, excess, DISMISSED_ON - timedelta(days=abs(days)), stream
        )

        assert new_evidence(found, DISMISSED_ON, found) is None
