from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_with import policy_with

from service.domain.eligibility import REASONS, LineEligibility, OrderedLine, Way, eligibility
from service.domain.policy import CustomerHistory, Policy, Request, RequestLine, judge
from service.domain.words import Exclusion, Reason
from service.policies import default_policy

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE = OrderedLine(1, "MUG", 3, 3, 1, NOW - timedelta(days=6), None)
SHOPS = [
    default_policy(),
    policy_with({"window.days": 3, "window.late": "decline"}),
    policy_with({"rules.exclusions.when_failed": "review", "fees.shop_fault_reasons": []}),
    policy_with({"window.late": "decline", "rules.exclusions.when_failed": "review"}),
]


def told(policy: Policy, country: str, line: OrderedLine = LINE) -> LineEligibility:
    (found,) = eligibility(policy, country, BERLIN, [line], NOW)
    return found


def days_ago(days: int) -> OrderedLine:
    return replace(LINE, last_delivered_at=NOW - timedelta(days=days))


def words(way: Way) -> str:
    return " ".join(each.text.format(**each.parts) for each in way.conditions)


class TestEligibility:
    def test_within_the_laws_days_a_customer_may_withdraw_or_return(self) -> None:
        found = told(default_policy(), "DE")

        withdrawal, own = found.ways
        assert (found.units, found.why_not) == (2, None)
        assert (withdrawal.kind, withdrawal.regime) == ("withdrawal", "eu_14_day")
        assert withdrawal.until == datetime(2026, 3, 10, 23, tzinfo=UTC) - timedelta.resolution
        assert withdrawal.refund_on == "first_scan"
        assert withdrawal.latest_refund.parts == {"days": 14}
        assert "paid for delivery is refunded too" in words(withdrawal)
        assert (own.kind, own.until) == ("return", datetime(2026, 3, 26, 12, tzinfo=UTC))
        assert own.reasons == withdrawal.reasons == REASONS

    def test_elsewhere_the_shops_own_window_is_what_there_is(self) -> None:
        policy = policy_with({"fees.restocking_percent": 15, "rules.evidence.reasons": ["defect"]})

        (own,) = told(policy, "US").ways

        assert (own.kind, own.regime, own.fee_percent) == ("return", None, 15)
        assert (own.return_freight_by, own.refund_on) == ("customer", "inspected")
        assert own.evidence_reasons == ("defect",)
        assert own.latest_refund.parts == {"hours": 72}
        assert "We keep 15 % of the price as a fee." in words(own)
        assert "costs you nothing" in words(own)
        assert "photo" in words(own)

    def test_no_fee_is_named_while_the_law_forbids_one(self) -> None:
        policy = policy_with({"fees.restocking_percent": 15})

        assert [way.fee_percent for way in told(policy, "DE").ways] == [0, 0]
        assert [way.fee_percent for way in told(policy, "DE", days_ago(20)).ways] == [15]

    def test_after_the_window_a_person_decides(self) -> None:
        (way,) = told(default_policy(), "US", days_ago(31)).ways

        assert (way.kind, way.until, way.reasons) == ("review", None, REASONS)
        assert "decides within 24 hours" in words(way)

    def test_or_nobody_but_for_the_shops_own_faults(self) -> None:
        policy = policy_with({"window.late": "decline"})

        found = told(policy, "US", days_ago(31))

        (way,) = found.ways
        assert way.reasons == policy.fees.shop_fault_reasons
        assert way.return_freight_by == "shop"
        assert found.why_not is not None
        assert found.why_not.parts == {"until": NOW - timedelta(days=1)}

    def test_what_the_shop_excludes_says_why_and_the_law_still_opens_it(self) -> None:
        final = replace(LINE, exclusion="final_sale")

        elsewhere, in_the_union = (told(default_policy(), each, final) for each in ("US", "DE"))

        assert elsewhere.why_not is not None
        assert "final sale" in elsewhere.why_not.text
        assert [way.kind for way in elsewhere.ways] == ["review"]
        assert [way.kind for way in in_the_union.ways] == ["withdrawal", "return"]
        assert len({way.until for way in in_the_union.ways}) == 1

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (
                replace(LINE, delivered=0, in_returns=0, last_delivered_at=None),
                "not been delivered",
            ),
            (replace(LINE, in_returns=3), "in a return already"),
        ],
    )
    def test_where_there_is_nothing_to_return_it_says_why(
        self, line: OrderedLine, why: str
    ) -> None:
        found = told(default_policy(), "DE", line)

        assert (found.units, found.ways) == (0, ())
        assert found.why_not is not None
        assert why in found.why_not.text

    def test_in_the_union_the_orders_last_parcel_keeps_all_of_it_open(self) -> None:
        policy = policy_with({"window.days": 1})
        lines = [days_ago(40), replace(days_ago(1), line_no=2)]

        first, second = eligibility(policy, "DE", BERLIN, lines, NOW)

        assert first.ways[0].until == second.ways[0].until
        assert first.ways[0].kind == "withdrawal"

    def test_in_the_union_what_is_still_to_come_keeps_all_of_it_open(self) -> None:
        policy = policy_with({"window.days": 1})
        part = replace(days_ago(40), quantity=LINE.quantity + 1)
        none = replace(LINE, line_no=2, delivered=0, in_returns=0, last_delivered_at=None)

        for lines in ([part], [days_ago(40), none]):
            way = eligibility(policy, "DE", BERLIN, lines, NOW)[0].ways[0]
            assert way.kind == "withdrawal"
            assert way.until is not None
            assert way.until - NOW > timedelta(days=14)

    @given(
        st.sampled_from(SHOPS),
        st.sampled_from(["DE", "CN", "US", "Unspecified"]),
        st.sampled_from([None, *get_args(Exclusion)]),
        st.integers(0, 40),
        st.sampled_from(REASONS),
    )
    def test_what_is_told_is_what_is_judged(
        self,
        policy: Policy,
        country: str,
        exclusion: Exclusion | None,
        days: int,
        reason: Reason,
    ) -> None:
        line = replace(days_ago(days), exclusion=exclusion)
        delivered_at = NOW - timedelta(days=days)
        wanted = RequestLine(1, "MUG", 1, reason, 100, delivered_at, exclusion, 1)
        history = CustomerHistory(1, 0, 0, 0, None)
        request = Request(country, "EUR", (wanted,), history, NOW, BERLIN)

        found = told(policy, country, line)

        open_for = [way.kind for way in found.ways if reason in way.reasons]
        verdict = judge(policy, request).verdict
        assert verdict == (
            "pass" if "return" in open_for else "review" if "review" in open_for else "decline"
        )
        assert found.why_not or open_for
