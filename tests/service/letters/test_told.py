"""What customers are told of their own return: letters as they come out of the house, told by the hour."""

from typing import Any

import pytest
from house import House
from service_shop import MAIL

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LOOKED_AT = "We have looked at your return"


def told(house: House, subject: str) -> list[str]:
    """The bodies of the letters whose subject begins so, in order."""
    sent = zip(house.outbox.subjects, house.outbox.bodies, strict=True)
    return [body for title, body in sent if title.startswith(subject)]


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
