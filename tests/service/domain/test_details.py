from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_with import policy_with

from service.domain import details
from service.domain.policy import CustomerHistory, Request, RequestLine, judge
from service.domain.words import Exclusion, Reason

DELIVERED = datetime(2026, 2, 24, 10, tzinfo=UTC)
LINE = RequestLine(1, "MUG", 1, "changed_mind", 1290, DELIVERED, None, 0)
REQUEST = Request(
    "US", "EUR", (LINE,), CustomerHistory(1, 0, 0, 0, None), DELIVERED, ZoneInfo("Europe/Berlin")
)
LINES = st.builds(
    RequestLine,
    st.integers(1, 40),
    st.just("MUG"),
    st.just(1),
    st.sampled_from(get_args(Reason)),
    st.integers(0, 10**9),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from([None, *get_args(Exclusion)]),
    st.integers(0, 1),
    st.booleans(),
    st.booleans(),
)


class TestRead:
    @given(
        lines=st.lists(LINES, min_size=1, max_size=3),
        currency=st.sampled_from(["EUR", "JPY", "CHF"]),
        after=st.integers(0, 60),
        returns=st.integers(0, 2_000),
        failed=st.integers(0, 9),
    )
    def test_whatever_a_rule_finds_is_read_again_as_it_was_found(
        self, lines: list[RequestLine], currency: str, after: int, returns: int, failed: int
    ) -> None:
        request = replace(
            REQUEST,
            lines=tuple(lines),
            currency=currency,
            now=DELIVERED + timedelta(days=after),
            history=CustomerHistory(1, returns, returns, failed, None),
        )

        for outcome in judge(policy_with({"rules.evidence.reasons": ["defect"]}), request).outcomes:
            found = details.read(outcome.detail)
            assert found, outcome.detail
            assert details.recorded(*found) == outcome.detail

    @pytest.mark.parametrize(
        ("detail", "found"),
        [
            ("no line is excluded", [{}]),
            ("line 2 is final_sale", [{"line_no": "2", "exclusion": "final_sale"}]),
            (
                "line 2 (defect) has none, line 3 (other) has none",
                [{"line_no": "2", "reason": "defect"}, {"line_no": "3", "reason": "other"}],
            ),
            (
                "1,290.00 EUR; up to 25.80 EUR passes by itself",
                [{"asked": "1,290.00 EUR", "limit": "25.80 EUR"}],
            ),
            ("line 2 is final_sale, and who knows what", []),
            ("as an older version said it", []),
        ],
    )
    def test_each_thing_found_is_told_with_its_figures(
        self, detail: str, found: list[dict[str, Any]]
    ) -> None:
        assert [dict(each.parts) for each in details.read(detail)] == found


def test_every_code_that_a_rule_can_name_has_its_words() -> None:
    assert set(details.CODES) == {*get_args(Exclusion), *get_args(Reason)}
