import pytest
from house import House


def expired(house: House) -> House:
    """Not sent in time."""
    house.wait(days=15)
    assert house.state == "closed"
    return house


def asked_back_twice(house: House, first: int, second: int) -> tuple[str, str]:
    """Cancelled, and some units applied for anew; then a parcel with the old number arrives."""
    house.begin(first)
    old = house.rma
    house.does("storefront", "cancellation")
    house.ask_back(second)
    new, house.rma = house.rma, old
    house.arrive()
    return old, new


class TestUnitsThatAreInAnotherReturnByNow:
    def test_they_do_not_come_to_life_twice_but_go_back_or_away(self, house: House) -> None:
        asked_back_twice(house, 3, 3)

        (line,) = house.look()["lines"]
        assert (line["authorization"], line["reception"]) == ("cancelled", "received")
        house.find("passed", 3, grade="A")
        assert house.look()["lines"][0]["choices"] == ["send_back", "dispose"]
        house.does("storefront", "lines/1/choice", choice="send_back")
        house.does("inspector", "sent-back")
        assert house.state == "closed"

    def test_as_many_as_are_free_are_decided_anew(self, house: House) -> None:
        asked_back_twice(house, 3, 1)

        lines = house.look()["lines"]
        assert [(each["quantity"], each["authorization"]) for each in lines] == [
            (1, "cancelled"),
            (2, "under_review"),
        ]

    def test_what_is_paid_never_exceeds_what_was_bought(self, house: House) -> None:
        old, new = asked_back_twice(house, 3, 3)
        for house.rma in (new, old):
            house.arrive()
            house.find("passed", 3, grade="A")
            house.wait(days=30)

        refunds = house.call("finance", "GET", "/v1/refunds?state=pending").json()
        assert [(each["rma"], each["amount_minor"]) for each in refunds] == [(new, 3 * 1290)]


class TestAStatutoryWithdrawalThatIsSentLate:
    @pytest.mark.parametrize("how", ["scanned", "received"])
    def test_it_is_authorized_again_by_itself_and_paid(self, house: House, how: str) -> None:
        expired(house.begin_withdrawal())

        house.does("carrier", "scans", scan="picked_up") if how == "scanned" else house.arrive()

        assert house.look()["lines"][0]["authorization"] == "authorized"
        assert [each["permission"] for each in house.told("return.reinstated")] == ["authorized"]
        assert [each["amount_minor"] for each in house.told("refund.requested")] == [1290]
        assert not {"review.opened", "clock.breached"} & set(house.happened())
        told = [each["what"] for each in house.look()["history"]]
        assert "The goods came after all: your withdrawal stands." in told

    def test_nobody_can_decline_it(self, house: House) -> None:
        expired(house.begin_withdrawal()).arrive()

        refused = house.tries(
            "reviewer", "decision", decision="decline", reason_code="outside_policy"
        )

        assert refused.status_code == 409

    def test_it_is_owed_from_when_it_was_sent_and_not_before(self, house: House) -> None:
        expired(house.begin_withdrawal()).does("carrier", "scans", scan="picked_up")

        house.wait(hours=1)

        (refund,) = house.told("refund.requested")
        assert refund["due_at_us"] > house.clock.now().timestamp() * 1_000_000
        assert house.open_cases() == []

    def test_one_that_was_cancelled_is_none_any_more_and_a_person_decides(
        self, house: House
    ) -> None:
        house.begin_withdrawal().does("storefront", "cancellation")

        house.arrive()

        assert house.state == "under_review"

    def test_units_that_are_in_another_return_by_now_are_not_paid_twice(self, house: House) -> None:
        old = expired(house.begin_withdrawal(3)).rma
        house.ask_back(1)
        house.rma = old

        house.does("carrier", "scans", scan="picked_up")

        lines = house.look()["lines"]
        assert [(each["quantity"], each["authorization"]) for each in lines] == [
            (1, "expired"),
            (2, "authorized"),
        ]


class TestAReturnThatIsSentAfterItExpired:
    def test_a_person_decides_as_soon_as_it_is_scanned(self, house: House) -> None:
        expired(house.begin())

        house.does("carrier", "scans", scan="picked_up")

        assert house.look()["lines"][0]["authorization"] == "under_review"
        assert [each["permission"] for each in house.told("return.reinstated")] == ["under_review"]

    def test_if_it_is_lost_the_customer_gets_the_money_that_was_promised(
        self, house: House
    ) -> None:
        expired(house.begin()).does("carrier", "scans", scan="picked_up")

        for _ in range(30):
            house.wait(days=1)

        assert house.look()["lines"][0]["reception"] == "lost_for_good"
        assert [each["amount_minor"] for each in house.told("refund.requested")] == [1290]


class TestUnitsOfWhichSomeAreInAnotherReturnByNow:
    """Three expired, one of them is asked back anew; then the dock has all three in hand, and nobody scanned them."""

    def expired_in_part(self, house: House) -> None:
        old = expired(house.begin(3)).rma
        house.ask_back(1)
        house.rma = old

    def test_every_unit_that_is_inspected_at_once_has_its_finding(self, house: House) -> None:
        self.expired_in_part(house)

        house.find("passed", 3, grade="A")

        lines = house.look()["lines"]
        assert [(each["quantity"], each["authorization"], each["reception"]) for each in lines] == [
            (1, "expired", "passed"),
            (2, "under_review", "passed"),
        ]
        assert lines[0]["choices"] == ["send_back", "dispose"]

    def test_those_of_this_return_come_first(self, house: House) -> None:
        self.expired_in_part(house)
        findings = [
            {"outcome": "passed", "quantity": 1, "grade": "A"},
            {"outcome": "failed", "quantity": 2, "grade": "D"},
        ]

        house.does("inspector", "inspections", line_no=1, depth="full", findings=findings)

        found = [
            (each["quantity"], each["authorization"], each["reception"])
            for each in house.look()["lines"]
        ]
        assert sorted(found) == [
            (1, "expired", "failed"),
            (1, "under_review", "failed"),
            (1, "under_review", "passed"),
        ]

    def test_of_a_withdrawal_those_of_this_return_are_paid(self, house: House) -> None:
        old = expired(house.begin_withdrawal(3)).rma
        house.ask_back(1)
        house.rma = old

        house.find("passed", 3, grade="A")

        assert [each["amount_minor"] for each in house.told("refund.requested")] == [2 * 1290]
