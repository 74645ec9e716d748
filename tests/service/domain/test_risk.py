"""What may be done with a request, by the rules or by a score; and how probable that was."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from applications import PASSED, STOPPED, an_application
from hypothesis import given
from hypothesis import strategies as st

from service.domain.events import Basis, InspectionDepth, RefundOn
from service.domain.risk import (
    VALUE,
    Application,
    Assessment,
    Caps,
    RulesOnly,
    Stakes,
    by_rules,
    by_score,
    within_terms,
)
from service.policies import default_policy

REFUND_ON: tuple[RefundOn, ...] = get_args(RefundOn)
EARLY = default_policy().risk.early_refund
SHARED = tuple(default_policy().risk.links.by_feature())
SEEN = {"blind_share": 0.0, "unexplained_share": 0.0}

shares = st.integers(0, 20).map(lambda each: each / 20)
scores = st.floats(0, 1)
stakes = st.builds(Stakes, scores, st.none() | scores, st.none() | scores)


@st.composite
def applications(draw: st.DrawFn) -> Application:
    return an_application(
        judgement=draw(st.sampled_from([PASSED, STOPPED])),
        refund_on=draw(st.sampled_from(REFUND_ON)),
        inspection=draw(st.sampled_from(get_args(InspectionDepth))),
        value_minor=draw(st.sampled_from([0, 2500, 2501, 50_000])),
        currency=draw(st.sampled_from(["EUR", "CHF"])),
        audit={
            "share": draw(shares),
            "bootstrap_share": draw(shares),
            "blind_share": draw(shares),
            "unexplained_share": draw(shares),
            "doubt_share": draw(shares),
        },
        risk={
            "early_refund": EARLY.model_copy(
                update={
                    "allowed": draw(st.booleans()),
                    "on": draw(st.sampled_from(["authorized", "first_scan", "received"])),
                }
            )
        },
        draw=draw(st.floats(0, 1, exclude_max=True)),
    )


class TestByRules:
    def test_what_passes_is_approved_on_the_terms_that_hold_for_everybody(self) -> None:
        made = RulesOnly().assess(an_application(refund_on="received", draw=0.3))

        assert made == Assessment("approve", "received", "basic", 0.7, "no_model", 1.0)

    @pytest.mark.parametrize("value_minor", [2500, 2501, 50_000])
    def test_the_bootstrap_share_passes_whatever_its_value_and_is_inspected_in_full(
        self, value_minor: int
    ) -> None:
        made = RulesOnly().assess(an_application(value_minor=value_minor, draw=0.2999))

        assert (made.decision, made.inspection, made.is_audit) == ("approve", "full", True)
        assert made.propensity == 0.3

    @pytest.mark.parametrize(("value_minor", "currency"), [(2501, "EUR"), (1, "CHF")])
    def test_what_the_lot_leaves_and_no_small_value_lets_pass_goes_to_a_person_who_learns_why(
        self, value_minor: int, currency: str
    ) -> None:
        asked = an_application(value_minor=value_minor, currency=currency, refund_on="received", draw=0.3)  # fmt: skip

        made = RulesOnly().assess(asked)

        assert (made.decision, made.basis) == ("review", "no_model")
        assert (made.refund_on, made.inspection) == ("received", "basic")
        assert (made.propensity, made.approve_propensity) == (0.7, 0.3)
        assert [each.code for each in made.reasons] == ["no_model"]

    def test_up_to_the_small_value_it_passes_by_itself(self) -> None:
        made = RulesOnly().assess(an_application(value_minor=2500, draw=0.3))

        assert (made.decision, made.inspection) == ("approve", "basic")

    def test_where_all_is_inspected_in_full_the_lot_decides_on_large_values_alone(self) -> None:
        small, drawn, left = (
            by_rules(an_application(inspection="full", value_minor=value, draw=draw), "no_model")
            for value, draw in ((1, 0.0), (9000, 0.0), (9000, 0.3))
        )

        assert (small.is_audit, small.propensity) == (False, 1.0)
        assert (drawn.decision, drawn.is_audit, drawn.propensity) == ("approve", True, 0.3)
        assert (left.decision, left.inspection) == ("review", "full")

    def test_what_a_rule_stops_goes_to_a_person_who_learns_which(self) -> None:
        made = RulesOnly().assess(an_application(judgement=STOPPED))

        assert (made.decision, made.basis, made.propensity) == ("review", "rules", 1.0)
        assert [each.code for each in made.reasons] == ["value"]


class TestByScore:
    STAKES = Stakes(approve=0.05, early_refund=0.01, basic_inspection=0.03)

    def test_up_to_the_stake_a_request_passes_and_above_it_a_person_decides(self) -> None:
        at, above = (by_score(an_application(), score, self.STAKES) for score in (0.05, 0.0500001))

        assert (at.decision, above.decision) == ("approve", "review")
        assert above.inspection == "full"

    def test_the_trusted_are_paid_early_and_nobody_later_than_without_a_model(self) -> None:
        trusted = by_score(an_application(), 0.01, self.STAKES)
        others = by_score(an_application(), 0.02, self.STAKES)
        already = by_score(an_application(refund_on="authorized"), 0.01, self.STAKES)

        assert (trusted.refund_on, others.refund_on) == ("first_scan", "inspected")
        assert already.refund_on == "authorized"

    def test_a_shop_that_pays_nobody_early_pays_nobody_early(self) -> None:
        never = EARLY.model_copy(update={"allowed": False})

        made = by_score(an_application(risk={"early_refund": never}), 0.0, self.STAKES)

        assert made.refund_on == "inspected"

    def test_the_less_trusted_are_inspected_in_full_without_a_lot(self) -> None:
        made = by_score(an_application(draw=0.0), 0.04, self.STAKES)

        assert (made.inspection, made.is_audit, made.propensity) == ("full", False, 0.99)

    def test_of_the_trusted_the_audit_share_is_drawn_by_lot(self) -> None:
        drawn, spared = (
            by_score(an_application(draw=draw, audit=SEEN), 0.02, self.STAKES)
            for draw in (0.0299, 0.03)
        )

        assert (drawn.inspection, drawn.is_audit, drawn.propensity) == ("full", True, 0.03)
        assert (spared.inspection, spared.is_audit, spared.propensity) == ("basic", False, 0.97)

    def test_blind_cases_look_alike_whatever_the_model_would_have_decided(self) -> None:
        """A person who could tell them apart would not judge blind."""
        passed = by_score(an_application(draw=0.999), 0.001, self.STAKES)
        doubted = by_score(an_application(draw=0.0, audit={"doubt_share": 0.0}), 0.9, self.STAKES)

        assert (passed.hidden_decision, doubted.hidden_decision) == ("approve", "review")
        assert (passed.propensity, doubted.propensity) == (0.01, 1.0)
        assert (passed.approve_propensity, doubted.approve_propensity) == (0.99, 0.0)
        alike = replace(passed, hidden_decision=None, propensity=1.0, approve_propensity=0.0)
        assert alike == replace(doubted, hidden_decision=None)

    def test_the_shares_of_blind_cases_are_the_policys(self) -> None:
        blind = {"blind_share": 0.25, "unexplained_share": 0.5, "doubt_share": 0.0}

        def hidden(score: float) -> Counter[str | None]:
            draws = ((each + 0.5) / 400 for each in range(400))
            made = (an_application(draw=draw, audit=blind) for draw in draws)
            return Counter(by_score(each, score, self.STAKES).hidden_decision for each in made)

        assert hidden(0.01) == {"approve": 100, None: 300}
        assert hidden(0.9) == {"review": 200, None: 200}

    def test_what_a_rule_stops_is_never_blind(self) -> None:
        all_blind = {"blind_share": 1.0, "unexplained_share": 1.0}

        made = by_score(an_application(judgement=STOPPED, audit=all_blind), 0.01, self.STAKES)

        assert (made.basis, made.hidden_decision) == ("rules", None)
        assert made.reasons

    def test_of_what_it_doubts_the_lot_lets_a_share_pass_that_is_inspected_first(self) -> None:
        drawn, left = (
            by_score(an_application(draw=draw), 0.9, self.STAKES) for draw in (0.97, 0.9699)
        )

        assert drawn == Assessment(
            "approve", "inspected", "full", pytest.approx(0.03), "model", pytest.approx(0.03), is_audit=True,
            is_drawn_doubt=True,
        )  # fmt: skip
        assert (left.decision, left.is_drawn_doubt) == ("review", False)
        assert (left.propensity, left.approve_propensity) == (0.97, 0.03)

    def test_the_share_of_drawn_doubts_is_the_policys_and_the_same_lot_gives_the_same_answer(
        self,
    ) -> None:
        draws = [(each + 0.5) / 400 for each in range(400)]
        some = {"doubt_share": 0.05, "unexplained_share": 0.2}

        one, other = (
            [by_score(an_application(draw=draw, audit=some), 0.9, self.STAKES) for draw in draws]
            for _ in range(2)
        )

        assert one == other
        assert Counter(each.is_drawn_doubt for each in one) == {True: 20, False: 380}
        assert Counter(each.hidden_decision for each in one) == {"review": 76, None: 324}

    @pytest.mark.parametrize("refund_on", ["authorized", "first_scan", "received"])
    def test_where_the_money_goes_before_the_inspection_no_doubt_is_drawn(
        self, refund_on: RefundOn
    ) -> None:
        asked = an_application(refund_on=refund_on, audit={"doubt_share": 1.0})

        made = by_score(asked, 0.9, self.STAKES)

        assert (made.decision, made.propensity, made.approve_propensity) == ("review", 1.0, 0.0)

    @given(applications(), scores, stakes)
    def test_only_what_the_rules_pass_and_the_score_alone_stops_is_ever_drawn(
        self, application: Application, score: float, stakes: Stakes
    ) -> None:
        all_drawn = application.audit.model_copy(update={"doubt_share": 1.0})
        asked = replace(application, audit=all_drawn)
        is_doubted = asked.judgement.verdict == "pass" and score > (stakes.approve or 0.0)

        made = by_score(asked, score, stakes)

        assert made.is_drawn_doubt == (is_doubted and asked.refund_on == "inspected")
        if made.is_drawn_doubt:
            assert (made.decision, made.refund_on, made.inspection) == ("approve", "inspected", "full")  # fmt: skip

    @given(applications(), scores, stakes, st.sampled_from(SHARED), st.integers(0, 4))
    def test_no_score_lets_pass_who_shares_more_than_policy_and_model_bear(
        self, application: Application, score: float, stakes: Stakes, name: str, others: int
    ) -> None:
        asked = replace(application, features={VALUE: 2000.0, name: float(others)})
        proven = replace(stakes, most_linked={"same_address": 3, "same_payment": 0})
        borne = {"same_address": 2, "same_device": 1, "same_phone": 1, "same_payment": 0}[name]

        made = by_score(asked, score, proven)

        assert (proven.kept_from(asked) == (name,)) == (others > borne)
        if others > borne and made.decision == "approve":
            assert made.is_drawn_doubt
        if others <= borne:
            assert made == by_score(application, score, stakes)

    @given(applications(), scores, stakes)
    def test_no_score_lets_pass_what_is_of_unknown_value(
        self, application: Application, score: float, stakes: Stakes
    ) -> None:
        """The cap by amount is proven by requests whose value is known: of others it says nothing."""
        made = by_score(replace(application, features={VALUE: None}), score, stakes)

        assert made.decision == "review" or made.is_drawn_doubt

    @pytest.mark.parametrize(
        ("tighter", "left"),
        [
            ({}, (0.05, 0.01, 0.03)),
            ({"abuse_cap": 0.0099}, (None, 0.01, 0.03)),
            ({"amount_cap": 0.0099}, (None, 0.01, 0.03)),
            ({"confidence": 0.96}, (None, None, None)),
            ({"early_refund": EARLY.model_copy(update={"abuse_cap": 0.0049})}, (0.05, None, 0.03)),
            ({"abuse_cap": 0.02, "amount_cap": 0.02, "confidence": 0.9}, (0.05, 0.01, 0.03)),
        ],
    )
    def test_what_a_policy_asks_beyond_what_is_proven_holds_at_once(
        self, tighter: dict[str, object], left: tuple[float | None, ...]
    ) -> None:
        """A shop that lowers its cap must not be held to the old one until the next training."""
        proven = replace(self.STAKES, caps=Caps(0.01, 0.01, 0.005, 0.01, 0.95))

        found = proven.under(default_policy().risk.model_copy(update=tighter))

        assert (found.approve, found.early_refund, found.basic_inspection) == left

    def test_without_a_stake_a_model_decides_nothing(self) -> None:
        with pytest.raises(ValueError, match="certified for nothing"):
            by_score(an_application(), 0.0, Stakes(None))

    @given(applications(), scores, stakes)
    def test_whatever_the_score_a_request_is_approved_or_a_person_decides_and_nothing_gets_worse(
        self, application: Application, score: float, stakes: Stakes
    ) -> None:
        made = by_score(application, score, stakes)

        assert made.decision in ("approve", "review")
        assert REFUND_ON.index(made.refund_on) <= REFUND_ON.index(application.refund_on)
        assert made.decision == "review" or application.judgement.verdict == "pass"

    @given(applications(), scores, stakes, st.booleans())
    def test_each_action_is_as_frequent_as_its_propensity_says(
        self, application: Application, score: float, stakes: Stakes, has_model: bool
    ) -> None:
        """Over draws that are spread evenly; shares are whole twentieths, two of them at most in one lot, so that the
        frequencies are exact. What a person is told changes nothing of what is done.
        """

        def act(draw: float) -> Assessment:
            drawn = replace(application, draw=draw)
            made = by_score(drawn, score, stakes) if has_model else by_rules(drawn, "no_model")
            return replace(made, hidden_decision=None)

        made = Counter(act((each + 0.5) / 400) for each in range(400))

        assert all(
            times / 400 == pytest.approx(each.propensity, abs=1e-12) for each, times in made.items()
        )
        approved = sum(times for each, times in made.items() if each.decision == "approve")
        assert all(approved / 400 == pytest.approx(each.approve_propensity) for each in made)

    @given(applications(), st.sampled_from(REFUND_ON), st.sampled_from(get_args(Basis)))
    def test_no_port_pays_later_than_policy_and_law_say(
        self, application: Application, refund_on: RefundOn, basis: Basis
    ) -> None:
        late = Assessment("approve", refund_on, "basic", 1.0, basis, 1.0)

        held = within_terms(application, late)

        assert REFUND_ON.index(held.refund_on) == min(
            REFUND_ON.index(refund_on), REFUND_ON.index(application.refund_on)
        )
