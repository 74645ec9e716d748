"""What customers are told of their own return: letters as they come out of the house, told by the hour."""

from typing import Any

import pytest
from house import DAY, House
from policy_with import ALL_PASSES, policy_with
from service_shop import MAIL

from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import VirtualClock
from service.platform.db import Database
from service.platform.ids import SystemIds

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LOOKED_AT = "We have looked at your return"


def told(house: House, subject: str) -> list[str]:
    """The bodies of the letters whose subject begins so, in order."""
    sent = zip(house.outbox.subjects, house.outbox.bodies, strict=True)
    return [body for title, body in sent if title.startswith(subject)]


def begin_two_lines(house: House) -> None:
    """Two mugs and the pot, asked back after every window: a reviewer decides."""
    both = [{"line_no": 1, "quantity": 3}, {"line_no": 2, "quantity": 1}]
    assert house.put_order(country="US", email=MAIL).status_code == 201
    assert house.put_parcel(lines=both).status_code == 201
    house.clock.move_to(house.clock.now() + 40 * DAY)
    wanted = [
        {"line_no": 1, "quantity": 2, "reason": "changed_mind"},
        {"line_no": 2, "quantity": 1, "reason": "changed_mind"},
    ]
    answer = house.apply(lines=wanted)
    assert answer.status_code == 201, answer.text
    house.rma = answer.json()["rma"]
    house.wait(minutes=1)


def chinese_order(**changed: Any) -> dict[str, Any]:
    """An order under Chinese law: the money falls due as soon as the goods are here. Its customer reads English here."""
    return {"country": "CN", "currency": "CNY", "email": MAIL, **changed}


class TestInspection:
    def test_what_passed_is_on_its_way_until_a_day(self, house: House) -> None:
        house.begin(2, "changed_mind", email=MAIL).wait(hours=1)
        house.arrive().wait(hours=1)
        house.find("passed", 2, grade="A")
        house.wait(minutes=1)

        (letter,) = told(house, LOOKED_AT)

        assert "2 × MUG: everything is in order (grade A)\n  €25.80 are on their way to you, by Thursday 5 March 2026, 14:00 at the latest." in letter  # fmt: skip

    def test_money_that_was_due_before_is_on_its_way_or_paid(self, house: House) -> None:
        house.begin(2, "changed_mind", **chinese_order()).wait(hours=1)
        house.arrive().wait(hours=1)
        house.pays()
        house.wait(hours=1)
        house.find("passed", 2, grade="A")
        house.wait(minutes=1)

        (letter,) = told(house, LOOKED_AT)

        assert "CN¥25.80 were paid back." in letter
        assert "Nothing is refunded" not in letter

    def test_units_of_each_outcome_have_their_own_money(self, house: House) -> None:
        house.begin(3, "changed_mind", email=MAIL).wait(hours=1)
        house.arrive().wait(hours=1)
        findings = [
            {"outcome": "passed", "quantity": 2, "grade": "A"},
            {"outcome": "failed", "quantity": 1, "grade": "C"},
        ]
        house.does("inspector", "inspections", line_no=1, depth="full", findings=findings)
        house.wait(minutes=1)

        (letter,) = told(house, LOOKED_AT)

        assert "2 × MUG: everything is in order (grade A)\n  €25.80 are on their way" in letter
        assert "1 × MUG: not in the condition that we expected (grade C)\n  You choose what happens with it;" in letter  # fmt: skip
        assert len(told(house, "Please choose")) == 1

    def test_while_a_person_decides_nothing_is_promised(self, house: House) -> None:
        house.begin_late(1, "defect", email=MAIL).wait(hours=1)
        house.arrive().wait(hours=1)
        house.find("passed", grade="A")
        house.wait(minutes=1)

        (letter,) = told(house, LOOKED_AT)

        assert "One of us decides about it first; nothing is refunded until then." in letter

    def test_a_bad_finding_under_review_is_told_at_once(self, house: House) -> None:
        house.begin_late(1, "defect", email=MAIL).wait(hours=1)
        house.arrive().wait(hours=1)
        house.find("failed", grade="C")
        house.wait(minutes=1)

        (letter,) = told(house, LOOKED_AT)

        assert "not in the condition that we expected" in letter
        assert "One of us decides about it first" in letter

    def test_a_refused_payment_is_told_as_such(self, house: House) -> None:
        house.begin(1, "changed_mind", **chinese_order()).wait(hours=1)
        house.arrive().wait(hours=1)
        house.pays("failure", reason="account_closed")
        house.find("passed", grade="A")
        house.wait(minutes=1)

        (letter,) = told(house, LOOKED_AT)

        assert "The payment of CN¥12.90 was refused; we find another way to pay you." in letter

    def test_what_fails_after_its_money_was_ordered_is_told_at_once(self, house: House) -> None:
        house.begin(1, "changed_mind", **chinese_order()).wait(hours=1)
        house.arrive().wait(hours=1)
        house.find("failed", grade="C")
        house.wait(minutes=1)

        (letter,) = told(house, LOOKED_AT)

        assert (
            "not in the condition that we expected (grade C)\n  CN¥12.90 are on their way" in letter
        )
        assert "Your money was already on its way when we found that" in letter

    def test_what_a_choice_tells_of_has_no_second_letter(self, house: House) -> None:
        house.begin(1, "changed_mind", email=MAIL).wait(hours=1)
        house.arrive().wait(hours=1)
        house.find("failed", grade="C")
        house.wait(minutes=1)

        assert told(house, LOOKED_AT) == []
        assert len(told(house, "Please choose")) == 1

    def test_what_happened_at_the_same_moment_but_not_with_it_is_not_in_it(
        self, house: House
    ) -> None:
        """The clock stands still: the pot's finding is no part of the mug's letter."""
        house.begin(1, "changed_mind", email=MAIL)
        house.arrive()
        house.find("passed", grade="A")
        unexpected = [{"sku": "POT", "quantity": 1, "grade": "A"}]
        house.does("inspector", "inspections", depth="full", unexpected=unexpected)
        house.work()

        (letter,) = told(house, LOOKED_AT)

        assert "POT" not in letter


class TestOrder:
    def test_letters_of_one_moment_go_out_in_the_order_of_what_they_tell(
        self, house: House
    ) -> None:
        """What was found first, then what is asked about it, line by line: the rest of the line before what was split from it."""
        house.begin(3, email=MAIL).wait(hours=1)
        house.arrive().wait(hours=1)
        findings = [
            {"outcome": "passed", "quantity": 1, "grade": "A"},
            {"outcome": "failed", "quantity": 1, "grade": "C"},
            {"outcome": "wrong_item", "quantity": 1},
        ]
        seen = len(house.outbox.sent)
        house.does("inspector", "inspections", line_no=1, depth="full", findings=findings)
        house.wait(minutes=1)

        first, second, third = house.outbox.bodies[seen:][:3]

        assert "we have looked at this" in first
        assert "What we found: another product" in second
        assert "What we found: not in the condition" in third


class TestLines:
    @pytest.fixture
    def retour(self, db: Database, clock: VirtualClock) -> Retour:
        """Who changed their mind pays a fee."""
        policy = policy_with({**ALL_PASSES, "fees.restocking_percent": 15})
        return Retour(db, policy, RulesOnly(), clock, SystemIds(), secret=b"a test's secret")

    def test_what_was_cancelled_is_neither_approved_nor_charged_for(self, house: House) -> None:
        begin_two_lines(house)
        house.does("storefront", "cancellation", lines=[2])
        house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        house.wait(minutes=1)

        (letter,) = told(house, "Your return")[-1:]

        assert "you may send this back.\n\n- 2 × MUG\n\nPlease" in letter
        assert "We keep a fee of €3.87." in letter  # 15 % of two mugs, without the pot

    def test_what_was_cancelled_is_not_declined(self, house: House) -> None:
        begin_two_lines(house)
        house.does("storefront", "cancellation", lines=[2])
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")
        house.wait(minutes=1)

        (letter,) = told(house, "We cannot approve")

        assert "the return of\n\n- 2 × MUG\n\nWhy" in letter

    def test_a_part_that_was_cancelled_is_worded_as_such(self, house: House) -> None:
        begin_two_lines(house)
        house.does("storefront", "cancellation", lines=[2])
        house.wait(minutes=1)

        (letter,) = told(house, f"A part of your return {house.rma} is cancelled")

        assert "any more:\n\n- 1 × POT\n\nPlease do not send" in letter
        assert "goes on as before for\n\n- 2 × MUG\n\nKind" in letter

    def test_the_last_part_that_is_cancelled_ends_the_return(self, house: House) -> None:
        begin_two_lines(house)
        house.does("storefront", "cancellation", lines=[2])
        house.wait(minutes=1)
        house.does("storefront", "cancellation", lines=[1])
        house.wait(minutes=1)

        (letter,) = told(house, f"Your return {house.rma} is cancelled")

        assert "is cancelled:\n\n- 2 × MUG\n\nPlease do not send" in letter
        assert "goes on" not in letter

    def test_a_part_that_was_not_sent_expires_alone(self, house: House) -> None:
        house.begin(3, "changed_mind", email=MAIL).wait(hours=1)
        house.arrive(2).wait(days=15)

        (letter,) = told(house, f"A part of your return {house.rma} has expired")

        assert "handed over:\n\n- 1 × MUG\n\nSo this is no part" in letter
        assert "goes on as before for\n\n- 2 × MUG\n\nKind" in letter

    def test_what_expired_says_until_when_it_was_to_be_sent(self, house: House) -> None:
        """The worker was away for days."""
        house.begin(1, "changed_mind", email=MAIL).wait(hours=1)
        house.wait(days=20)

        (letter,) = told(house, f"Your return {house.rma} has expired")

        assert "is over (Monday 16 March 2026, 12:00), and no parcel" in letter

    def test_an_approval_of_what_is_here_asks_for_no_parcel(self, house: House) -> None:
        house.begin_late(1, email=MAIL).wait(hours=1)
        house.arrive().wait(hours=1)
        house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        house.wait(minutes=1)

        assert [each for each in house.outbox.subjects if "is approved" in each] == []


class TestReview:
    def test_the_first_review_says_that_the_request_is_here_and_an_appeal_does_not_say_so_again(
        self, house: House
    ) -> None:
        house.begin_late(email=MAIL).wait(minutes=1)
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")
        house.does("storefront", "human-review")
        house.wait(minutes=1)

        (letter,) = told(house, "We have your return request")

        assert "- 1 × MUG" in letter
        assert "please keep the goods with you" in letter

    def test_who_cancelled_and_sent_all_the_same_is_not_asked_to_keep_the_goods(
        self, house: House
    ) -> None:
        house.begin(email=MAIL).wait(hours=1)
        house.does("storefront", "cancellation")
        house.arrive().wait(minutes=1)

        assert told(house, "We have your return request") == []
        (letter,) = told(house, "We look at your return")
        assert "or its time was over:\n\n- 1 × MUG\n\nYour return" in letter
        assert "keep the goods" not in letter
