from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_with import policy_with

from service.domain.clocks import ClockName
from service.domain.events import RefundOn
from service.domain.policy import (
    WHY,
    CustomerHistory,
    Judgement,
    NoRegime,
    Policy,
    Request,
    RequestLine,
    RuleName,
    judge,
    terms,
    windows,
    withdrawal_until,
)
from service.domain.policy_sections import ClockHours
from service.domain.words import BadOutcome, Exclusion, Reason
from service.policies import default_policy

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
DELIVERED = datetime(2026, 2, 24, 10, tzinfo=UTC)
NOBODY_YET = CustomerHistory(1, 0, 0, 0, None)
LINE = RequestLine(1, "MUG", 1, "changed_mind", 1290, DELIVERED, None, 0)
REQUEST = Request("US", "EUR", (LINE,), NOBODY_YET, DELIVERED + timedelta(days=3), BERLIN)
A_MOMENT = timedelta.resolution

REASONS = st.sampled_from(get_args(Reason))
EXCLUSIONS = st.sampled_from([None, *get_args(Exclusion)])
COUNTRIES = st.sampled_from(["DE", "China", "US", None])


def asked(policy: Policy, after: timedelta = timedelta(days=3), **line: Any) -> Judgement:
    """A request from the United States for one line, so long after its delivery."""
    changed = replace(LINE, **line)
    return judge(policy, replace(REQUEST, lines=(changed,), now=DELIVERED + after))


def said(judgement: Judgement, rule: RuleName) -> tuple[bool, str]:
    (outcome,) = (each for each in judgement.outcomes if each.rule == rule)
    return outcome.passed, outcome.detail


class TestJudge:
    def test_what_breaks_no_rule_passes_and_every_rule_says_so(self) -> None:
        judgement = judge(default_policy(), REQUEST)

        assert (judgement.verdict, judgement.declined_by) == ("pass", None)
        assert {each.rule for each in judgement.outcomes} == set(get_args(RuleName))
        assert all(each.passed and each.detail for each in judgement.outcomes)

    def test_each_rule_can_be_told_to_its_customer(self) -> None:
        assert set(WHY) == set(get_args(RuleName))

    def test_the_value_of_all_lines_is_what_counts(self) -> None:
        policy = policy_with({"rules.value.auto_up_to_minor": {"EUR": 2580}})
        two = (LINE, replace(LINE, line_no=2))

        assert judge(policy, replace(REQUEST, lines=two)).verdict == "pass"
        dearer = judge(policy, replace(REQUEST, lines=(*two, replace(LINE, value_minor=1))))
        assert dearer.verdict == "review"
        assert said(dearer, "value") == (False, "25.81 EUR; up to 25.80 EUR passes by itself")

    def test_a_currency_without_an_amount_goes_to_a_person(self) -> None:
        judgement = judge(default_policy(), replace(REQUEST, currency="CHF"))

        assert judgement.verdict == "review"
        assert said(judgement, "value") == (False, "12.90 CHF; no amount in CHF passes by itself")

    @pytest.mark.parametrize(
        ("returns", "failed", "verdict"),
        [(7, 0, "pass"), (8, 0, "review"), (0, 1, "pass"), (0, 2, "review")],
    )
    def test_too_many_returns_or_failed_inspections_go_to_a_person(
        self, returns: int, failed: int, verdict: str
    ) -> None:
        history = CustomerHistory(20, returns, 40, failed, None)

        assert judge(default_policy(), replace(REQUEST, history=history)).verdict == verdict

    def test_a_shop_may_decline_them_by_name(self) -> None:
        policy = policy_with({"rules.history.when_failed": "decline"})
        history = CustomerHistory(20, 8, 8, 0, None)

        judgement = judge(policy, replace(REQUEST, history=history))

        assert (judgement.verdict, judgement.declined_by) == ("decline", "history")

    def test_a_reason_that_wants_a_photo_goes_to_a_person_without_one(self) -> None:
        policy = policy_with({"rules.evidence.reasons": ["defect"]})

        assert asked(policy, reason="defect", evidence=1).verdict == "pass"
        assert asked(policy, reason="changed_mind").verdict == "pass"
        without = asked(policy, reason="defect")
        assert without.verdict == "review"
        assert said(without, "evidence") == (False, "line 1 (defect) has none")

    def test_what_was_agreed_to_be_final_is_declined_by_the_rule_that_names_it(self) -> None:
        judgement = asked(default_policy(), exclusion="final_sale")

        assert (judgement.verdict, judgement.declined_by) == ("decline", "exclusions")
        assert said(judgement, "exclusions") == (False, "line 1 is final_sale")

    def test_unless_it_is_the_shops_fault_then_a_person_decides(self) -> None:
        assert asked(default_policy(), exclusion="final_sale", reason="defect").verdict == "review"

    def test_what_the_shop_does_not_exclude_passes(self) -> None:
        policy = policy_with({"rules.exclusions.kinds": ["perishable"]})

        assert asked(policy, exclusion="final_sale").verdict == "pass"


class TestOwnWindow:
    def test_its_last_moment_still_counts(self) -> None:
        last = timedelta(days=30)

        assert asked(default_policy(), last).verdict == "pass"
        assert asked(default_policy(), last + A_MOMENT).verdict == "review"

    def test_a_shop_may_decline_what_is_late_but_not_its_own_fault(self) -> None:
        policy = policy_with({"window.late": "decline"})

        late = asked(policy, timedelta(days=31))
        faulty = asked(policy, timedelta(days=31), reason="defect")

        assert (late.verdict, late.declined_by) == ("decline", "return_window")
        assert (faulty.verdict, faulty.declined_by) == ("review", None)

    def test_lines_of_one_parcel_share_an_outcome(self) -> None:
        other = replace(LINE, line_no=3, delivered_at=DELIVERED - timedelta(days=40))

        judgement = judge(
            default_policy(), replace(REQUEST, lines=(LINE, replace(LINE, line_no=2), other))
        )

        windows = [each for each in judgement.outcomes if each.rule == "return_window"]
        assert [each.passed for each in windows] == [False, True]
        assert windows[1].detail == "delivered 2026-02-24, returnable until 2026-03-26 10:00 UTC"


class TestWithdrawalUntil:
    @pytest.mark.parametrize(
        ("regime", "delivered", "zone", "until"),
        [
            # signed in the morning or late at night: the day of signing does not count
            ("cn_7_day", "2026-03-02T00:00+08:00", SHANGHAI, "2026-03-09T23:59:59.999999+08:00"),
            ("cn_7_day", "2026-03-02T23:59+08:00", SHANGHAI, "2026-03-09T23:59:59.999999+08:00"),
            # 23:30 in London is the next day in Shanghai
            ("cn_7_day", "2026-03-01T23:30+00:00", SHANGHAI, "2026-03-09T23:59:59.999999+08:00"),
            # over the night on which the clocks go forward, and the one on which they go back
            ("eu_14_day", "2026-03-20T12:00+01:00", BERLIN, "2026-04-03T23:59:59.999999+02:00"),
            ("eu_14_day", "2026-10-20T12:00+02:00", BERLIN, "2026-11-03T23:59:59.999999+01:00"),
        ],
    )
    def test_it_is_the_end_of_the_last_day_in_the_shops_zone(
        self, regime: str, delivered: str, zone: ZoneInfo, until: str
    ) -> None:
        law = default_policy().regimes[regime]

        found = withdrawal_until(law, datetime.fromisoformat(delivered), zone)

        assert found == datetime.fromisoformat(until)


class TestTheLawIsNotUndercut:
    @pytest.mark.parametrize(
        ("country", "zone", "until"),
        [
            ("CN", SHANGHAI, "2026-03-03T23:59:59.999999+08:00"),
            ("中国", SHANGHAI, "2026-03-03T23:59:59.999999+08:00"),
            ("FR", BERLIN, "2026-03-10T23:59:59.999999+01:00"),
            ("France", BERLIN, "2026-03-10T23:59:59.999999+01:00"),
        ],
    )
    def test_a_shorter_window_does_not_shorten_the_laws(
        self, country: str, zone: ZoneInfo, until: str
    ) -> None:
        policy = policy_with({"window.days": 1, "window.late": "decline"})
        last = datetime.fromisoformat(until)
        request = replace(REQUEST, country=country, zone=zone)

        assert judge(policy, replace(request, now=last)).verdict == "pass"
        assert judge(policy, replace(request, now=last + A_MOMENT)).verdict == "decline"

    def test_in_the_union_the_orders_last_parcel_counts_in_china_the_lines(self) -> None:
        policy = policy_with({"window.days": 1})
        now = DELIVERED + timedelta(days=20)
        request = replace(REQUEST, now=now, order_delivered_at=now - timedelta(days=1))

        assert judge(policy, replace(request, country="DE")).verdict == "pass"
        assert judge(policy, replace(request, country="CN")).verdict == "review"

    def test_of_a_countrys_zones_the_one_where_the_day_ends_last_counts(self) -> None:
        policy = policy_with({"window.days": 1})
        came = datetime.fromisoformat("2026-03-02T12:00+00:00")

        open_ = windows(policy, "PT", None, came, came, BERLIN)

        assert open_.granted_until == datetime.fromisoformat("2026-03-16T23:59:59.999999-01:00")

    def test_an_exclusion_that_the_law_does_not_know_holds_only_after_its_days(self) -> None:
        line = replace(LINE, exclusion="final_sale")
        request = replace(REQUEST, country="DE", lines=(line,))

        assert judge(default_policy(), request).verdict == "pass"
        late = replace(request, now=DELIVERED + timedelta(days=20))
        assert judge(default_policy(), late).declined_by == "exclusions"

    def test_an_exclusion_that_the_law_knows_holds_at_once(self) -> None:
        line = replace(LINE, exclusion="custom_made")

        judgement = judge(default_policy(), replace(REQUEST, country="DE", lines=(line,)))

        assert judgement.declined_by == "exclusions"

    @given(REASONS, EXCLUSIONS, COUNTRIES, st.integers(0, 60), st.integers(0, 20))
    def test_the_hardest_shop_declines_neither_what_the_law_grants_nor_its_own_faults(
        self,
        reason: Reason,
        exclusion: Exclusion | None,
        country: str | None,
        days: int,
        returns: int,
    ) -> None:
        line = replace(LINE, reason=reason, exclusion=exclusion)
        request = replace(
            REQUEST,
            country=country,
            lines=(line,),
            now=DELIVERED + timedelta(days=days),
            history=replace(NOBODY_YET, returns_in_window=returns),
        )

        judgement = judge(HARDEST, request)

        allowed = {"DE": 14, "China": 7}.get(country or "", -1)
        granted = days <= allowed and exclusion in (None, "final_sale")
        if granted or reason in HARDEST.fees.shop_fault_reasons:
            assert judgement.verdict != "decline"
        assert (judgement.verdict == "pass") == all(each.passed for each in judgement.outcomes)
        assert (judgement.declined_by is None) == (judgement.verdict != "decline")


HARDEST = policy_with(
    {
        "window.days": 0,
        "window.late": "decline",
        "rules.history.max_returns": 1,
        "rules.history.when_failed": "decline",
        "fees.restocking_percent": 100,
        "fees.restocking_reasons": ["changed_mind", "size_fit", "other"],
    }
)


class TestTerms:
    def test_outside_the_regimes_the_shops_own_hold(self) -> None:
        policy = policy_with({"fees.restocking_percent": 15})

        own = terms(policy, "US", "return", "changed_mind")

        assert own.regime is None
        assert (own.refund_on, own.refund_counts_from) == ("inspected", "trigger")
        assert own.refund_within == timedelta(hours=72)
        assert (own.fee_percent, own.return_freight_by) == (15, "customer")
        assert not own.refunds_outbound_shipping
        assert terms(policy, "US", "return", "size_fit").fee_percent == 0

    def test_the_shops_faults_cost_the_customer_nothing(self) -> None:
        free = terms(HARDEST, "US", "return", "wrong_item")

        assert (free.fee_percent, free.return_freight_by) == (0, "shop")
        assert free.refunds_outbound_shipping

    def test_a_withdrawal_in_the_union_is_refunded_with_its_delivery_from_the_declaration(
        self,
    ) -> None:
        law = terms(default_policy(), "DE", "withdrawal", None)

        assert law.regime == "eu_14_day"
        assert (law.refund_on, law.refund_counts_from) == ("first_scan", "request")
        assert law.refund_within == timedelta(days=14)
        assert (law.fee_percent, law.return_freight_by) == (0, "customer")
        assert law.refunds_outbound_shipping
        assert law.may_deduct

    def test_one_in_china_within_seven_days_of_the_goods_receipt(self) -> None:
        law = terms(default_policy(), "China", "withdrawal", None)

        assert (law.regime, law.refund_on) == ("cn_7_day", "received")
        assert (law.refund_counts_from, law.refund_within) == ("receipt", timedelta(days=7))

    def test_a_withdrawal_needs_a_law(self) -> None:
        with pytest.raises(NoRegime, match="'US'"):
            terms(default_policy(), "US", "withdrawal", None)

    @given(REASONS, st.sampled_from(["DE", "CN"]), st.sampled_from(get_args(RefundOn)))
    def test_a_return_within_the_laws_days_is_never_on_worse_terms_than_a_withdrawal(
        self, reason: Reason, country: str, refund_on: RefundOn
    ) -> None:
        policy = HARDEST.model_copy(
            update={"refund": HARDEST.refund.model_copy(update={"on": refund_on})}
        )

        law = terms(policy, country, "withdrawal", reason)
        own = terms(policy, country, "return", reason)

        assert own.fee_percent == law.fee_percent == 0
        when = get_args(RefundOn)
        assert when.index(own.refund_on) <= when.index(policy.regimes[law.regime or ""].refund_on)
        assert own.refunds_outbound_shipping >= law.refunds_outbound_shipping
        assert (own.return_freight_by == "shop") >= (law.return_freight_by == "shop")
        assert own.may_deduct <= law.may_deduct

    def test_wear_of_what_came_with_a_fault_is_not_deducted(self) -> None:
        told = [
            terms(default_policy(), "DE", "return", reason).may_deduct
            for reason in ("changed_mind", "defect")
        ]

        assert told == [True, False]

    def test_after_the_laws_days_the_shops_own_hold_again(self) -> None:
        late = terms(HARDEST, "DE", "return", "changed_mind", within_regime=False)

        assert (late.regime, late.fee_percent, late.refund_on) == (None, 100, "inspected")


class TestPolicy:
    def test_every_clock_has_its_hours(self) -> None:
        assert set(ClockHours.model_fields) == set(get_args(ClockName))
        assert default_policy().hours("review") == timedelta(hours=24)
        assert default_policy().hours("survey_reminder") == timedelta(hours=72)

    def test_the_calendar_is_the_files(self) -> None:
        calendar = policy_with({"clocks.calendar": "business"}).calendar

        assert (calendar.kind, calendar.days[-1]) == ("business", "fri")
        assert (calendar.opens.hour, calendar.closes.hour) == (9, 18)

    def test_the_grade_says_where_goods_go_and_what_is_offered_for_them(self) -> None:
        policy = default_policy()

        assert policy.disposition("A") == "restock"
        assert policy.offer_percent("C") == 40
        assert policy.offer_percent(None) == 0

    @pytest.mark.parametrize(
        ("outcome", "offer_minor", "default"),
        [
            ("failed", 500, "partial_refund"),
            ("failed", 0, "send_back"),
            ("wrong_item", 0, "send_back"),
            ("empty", 0, "accept"),
            ("short", 0, "accept"),
            ("unexpected", 0, "send_back"),
        ],
    )
    def test_who_does_not_choose_gets_an_option_that_there_is(
        self, outcome: BadOutcome, offer_minor: int, default: str
    ) -> None:
        policy = default_policy()

        assert policy.default_choice(outcome, offer_minor) == default
        assert default in policy.choices(outcome)

    def test_small_things_may_stay_where_the_policy_says_so(self) -> None:
        policy = policy_with({"keep_item.up_to_minor": {"EUR": 500}})

        assert policy.may_keep(500, "EUR", kept_within_a_year=0)
        assert not policy.may_keep(501, "EUR", kept_within_a_year=0)
        assert not policy.may_keep(500, "EUR", kept_within_a_year=1)
        assert not policy.may_keep(0, "GBP", kept_within_a_year=0)
        assert not default_policy().may_keep(0, "EUR", kept_within_a_year=0)

    @pytest.mark.parametrize("country", ["GB", "US", "Unspecified", None])
    def test_a_country_without_a_law_has_none(self, country: str | None) -> None:
        assert default_policy().regime_of(country) is None
