from typing import Any

import pytest
from bank import Bank
from house import DAY, House
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_with import ALL_PASSES, policy_with
from service_shop import problem
from sqlalchemy import select

from service.cases.repository import cases
from service.domain.money import LinePrice, Paid, paid_per_line, refund_amount
from service.returns import repository as returns

DISCOUNTED: dict[str, Any] = {
    "country": "DE",
    "lines": [
        {
            "line_no": 1,
            "sku": "MUG",
            "quantity": 3,
            "unit_price_minor": 1290,
            "discount_minor": 100,
        },
        {"line_no": 2, "sku": "POT", "quantity": 1, "unit_price_minor": 4900},
    ],
    "discount_minor": 777,
    "shipping_minor": 490,
}
PRICES = 3 * 1290
PAID = 3 * 1290 - 100 + 4900 - 777 + 490


def passes(house: House, quantity: int = 1) -> None:
    house.arrive()
    house.find("passed", quantity, grade="A")


class TestMoreUnitsThanWereBought:
    """Units that two returns claim, as before an appeal looked for those that are in another return."""

    @pytest.fixture(autouse=True)
    def appeals_as_they_were(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("service.reviews.commands.with_room", lambda _, lines: list(lines))

    def claimed_twice(self, house: House, first: int, second: int) -> None:
        """The first return is declined and then authorized after an appeal, while the second is paid."""
        house.begin_late(first)
        old = house.rma
        house.does("reviewer", "decision", decision="decline", reason_code="outside_policy")
        house.ask_back(second)
        house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        passes(house, second)
        house.rma = old
        house.does("storefront", "human-review")
        house.does("admin", "decision", decision="authorize", reason_code="goodwill")

    def test_what_is_left_is_paid_and_finance_looks_at_the_rest(self, house: House) -> None:
        self.claimed_twice(house, 3, 2)

        passes(house, 3)

        (refund,) = house.told("refund.requested")
        assert refund["amount_minor"] == 1290
        assert house.open_cases() == ["recovery"]
        house.pays()
        assert house.state == "closed"

    def test_where_nothing_is_left_the_return_still_ends_by_itself(self, house: House) -> None:
        self.claimed_twice(house, 3, 3)

        house.arrive()
        for _ in range(2):
            house.wait(hours=25)

        (refund,) = house.told("refund.requested")
        assert refund["amount_minor"] == 0
        assert "recovery" in house.open_cases()
        assert house.state == "closed"


class TestRefunds:
    def test_a_defect_is_refunded_with_its_share_of_discounts_and_shipping_to_the_last_cent(
        self, house: House
    ) -> None:
        house.begin(1, **DISCOUNTED)
        both = {"parcel": "2", "lines": [{"line_no": 2, "quantity": 1}]}
        assert house.put_parcel(**both).is_success
        refunded = []
        for line_no, quantity in ((1, 2), (2, 1)):
            passes(house)
            house.pays()
            refunded.append(house.look()["money"]["refunded_minor"])
            lines = [{"line_no": line_no, "quantity": quantity, "reason": "defect"}]
            house.rma = house.apply(lines=lines).json()["rma"]
            if line_no == 1:
                house.arrive()
                house.find("passed", 2, grade="A")
                house.pays()
                refunded.append(house.look()["money"]["refunded_minor"])
                lines = [{"line_no": 2, "quantity": 1, "reason": "defect"}]
                house.rma = house.apply(lines=lines).json()["rma"]
                break
        passes(house)
        house.pays()
        refunded.append(house.look()["money"]["refunded_minor"])

        assert sum(refunded) == PAID

    def test_what_fails_is_offered_at_the_percent_of_its_grade(self, house: House) -> None:
        house.begin()
        house.arrive()
        shown = house.find("failed", grade="C")

        assert shown["lines"][0]["offer_minor"] == 516  # 40 % of 12.90
        house.does("storefront", "lines/1/choice", choice="partial_refund")
        house.pays()
        assert house.look()["money"]["refunded_minor"] == 516

    def test_where_the_grade_offers_nothing_no_partial_refund_can_be_chosen(
        self, house: House
    ) -> None:
        house.begin()
        house.arrive()
        house.find("failed", grade="D")

        (asked,) = house.told("choice.requested")
        assert [each["choice"] for each in asked["options"]] == ["send_back", "dispose"]

    def test_a_restocking_fee_is_kept_where_the_policy_has_one(self, house: House) -> None:
        fees = {"fees.restocking_percent": 10, "fees.restocking_reasons": ["changed_mind"]}
        object.__setattr__(house.retour.context, "policy", policy_with(fees))
        house.begin(reason="changed_mind")
        passes(house)
        house.pays()

        assert house.look()["money"]["refunded_minor"] == 1290 - 129

    def test_goodwill_is_never_more_than_is_left(self, house: House) -> None:
        house.begin(3, country="US")
        house.does("finance", "goodwill", amount_minor=8000)

        document = problem(
            house.tries("finance", "goodwill", amount_minor=771), 409, "more-than-paid"
        )
        assert "770 are left" in document["detail"]
        passes(house, 3)
        amounts = [
            each["amount_minor"] for each in house.call("finance", "GET", "/v1/refunds").json()
        ]

        assert sorted(amounts) == [770, 8000]

    def test_what_a_line_does_not_get_for_goodwill_is_somebodys_case(self, house: House) -> None:
        house.begin(3, country="US")
        house.does("finance", "goodwill", amount_minor=4901)
        passes(house, 3)

        amounts = [each["amount_minor"] for each in house.told("refund.requested")]
        assert amounts == [4901, PRICES - 1]
        assert house.open_cases() == ["recovery"]

    def test_goodwill_leaves_what_the_law_has_for_goods_that_are_to_come(
        self, house: House
    ) -> None:
        house.begin_withdrawal(3)

        refused = house.tries("finance", "goodwill", amount_minor=4901)

        told = problem(refused, 409, "more-than-paid")["detail"]
        assert "4900 are left to be refunded, besides 3870 that the law has" in told
        assert house.does("finance", "goodwill", amount_minor=4900)

    def test_goodwill_that_went_before_takes_nothing_of_what_the_law_has_paid_back(
        self, house: House
    ) -> None:
        house.begin_withdrawal(1)
        house.does("finance", "goodwill", amount_minor=7000)
        house.does("storefront", "cancellation")

        house.begin_withdrawal_again(3).arrive()

        amounts = [each["amount_minor"] for each in house.told("refund.requested")]
        assert amounts == [3870]
        assert house.open_cases() == ["recovery"]

    @pytest.mark.parametrize("calendar", ["calendar", "business"])
    def test_money_is_due_when_its_customer_was_told(self, house: House, calendar: str) -> None:
        rules = {**ALL_PASSES, "clocks.calendar": calendar, "refund.within_hours": 24}
        object.__setattr__(house.retour.context, "policy", policy_with(rules))
        house.begin()
        promised = house.look()["money"]["words"]
        passes(house)

        assert "at the latest 24 hours after we have checked the goods" in promised
        assert house.look()["money"]["due_at"] == (house.clock.now() + DAY).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )

    def test_money_that_must_be_paid_until_a_day_says_so(self, house: House) -> None:
        house.begin()
        passes(house)

        shown = house.look()["money"]

        assert shown["pending_minor"] == 1290
        assert shown["due_at"] == (house.clock.now() + 3 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_a_withdrawal_is_paid_at_the_first_scan_within_fourteen_days_of_its_declaration(
        self, house: House
    ) -> None:
        house.begin_withdrawal()
        declared = house.clock.now()
        house.wait(days=3)
        house.does("carrier", "scans", scan="picked_up")

        money = house.look()["money"]

        assert money["pending_minor"] == 1290
        assert money["due_at"] == (declared + 14 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_goodwill_that_is_not_paid_in_time_is_somebodys_case_until_it_is(
        self, house: House
    ) -> None:
        house.begin(country="US")
        house.does("finance", "goodwill", amount_minor=100)
        house.wait(hours=71)
        assert house.open_cases() == []

        house.wait(hours=2)

        assert house.open_cases() == ["stalled"]
        with house.retour.context.db.read() as connection:
            (case,) = connection.execute(select(cases).where(cases.c.rma == house.rma))
            assert case.customer_key == returns.find(connection, house.rma).customer_key  # type: ignore[union-attr]
        house.pays()
        house.wait(hours=80)
        assert "refund_deadline" not in {each.kind for each in house.retour.jobs.entries()}


class TestMeans:
    def test_a_refused_payment_is_paid_by_other_means_under_a_new_key(self, house: House) -> None:
        house.begin()
        passes(house)
        house.pays("failure", reason="account_closed")
        assert house.state == "refund_failed"
        house.pays("other-means", means="store_credit")
        house.pays()

        settled = house.call("finance", "GET", "/v1/refunds?state=settled").json()
        assert [(each["means"], each["amount_minor"]) for each in settled] == [
            ("store_credit", 1290)
        ]

    def test_a_refund_is_confirmed_once(self, house: House) -> None:
        house.begin()
        passes(house)
        path = f"/v1/refunds/{house.refund_id()}/settlement"
        assert house.call("finance", "POST", path).is_success

        problem(house.call("finance", "POST", path), 409, "refund-is-over")

    def test_an_unknown_refund_is_told(self, house: House) -> None:
        answer = house.call("finance", "POST", "/v1/refunds/rfd_404/settlement")

        assert "GET /v1/refunds" in problem(answer, 404, "unknown-refund")["detail"]


class TestABank:
    @pytest.fixture
    def bank(self, house: House) -> Bank:
        house.retour.__dict__["_payments"] = house.bank
        return house.bank

    def test_it_is_asked_for_each_refund_once_and_the_return_closes_by_itself(
        self, house: House, bank: Bank
    ) -> None:
        house.begin(2)
        passes(house, 2)
        house.work()

        assert house.state == "closed"
        assert bank.paid_minor == 2580

    def test_a_payment_whose_answer_was_lost_is_found_and_not_made_twice(
        self, house: House, bank: Bank
    ) -> None:
        bank.mood = "pays_silently"
        house.begin()
        passes(house)
        house.work()
        assert house.state == "refund_unknown"
        bank.mood = "pays"
        house.wait(minutes=1)

        assert house.state == "closed"
        assert bank.paid_minor == 1290
        assert len(bank.answers) == 1

    def test_a_bank_that_never_got_the_order_gets_it_again(self, house: House, bank: Bank) -> None:
        bank.mood = "silent"
        house.begin()
        passes(house)
        house.work()
        assert bank.answers == {}
        bank.mood = "pays"
        house.wait(minutes=1)

        assert house.state == "closed"
        assert bank.paid_minor == 1290

    def test_a_slow_bank_is_asked_until_it_is_done(self, house: House, bank: Bank) -> None:
        bank.mood = "slow"
        house.begin()
        passes(house)
        house.work()
        assert house.state == "refund_pending"
        bank.answers.clear()
        bank.mood = "pays"
        house.wait(minutes=1)

        assert house.state == "closed"


class TestArithmetic:
    @given(
        prices=st.lists(
            st.tuples(st.integers(1, 9), st.integers(0, 10_000), st.integers(0, 100)),
            min_size=1,
            max_size=5,
        ),
        discount=st.integers(0, 5_000),
        shipping=st.integers(0, 2_000),
        data=st.data(),
    )
    @settings(max_examples=150)
    def test_however_an_order_comes_back_all_of_it_is_refunded(
        self,
        prices: list[tuple[int, int, int]],
        discount: int,
        shipping: int,
        data: st.DataObject,
    ) -> None:
        lines = {
            number: LinePrice(quantity, price, min(off, quantity * price))
            for number, (quantity, price, off) in enumerate(prices, 1)
        }
        whole = sum(line.goods_minor for line in lines.values())
        discount = min(discount, whole)
        paid = paid_per_line(lines, discount, shipping)
        back = sum(_in_parts(paid[number], line.quantity, data) for number, line in lines.items())

        assert back == whole - discount + shipping


def _in_parts(paid: Paid, quantity: int, data: st.DataObject) -> int:
    before, back = 0, 0
    while before < quantity:
        units = data.draw(st.integers(1, quantity - before))
        back += refund_amount(paid, quantity, before, units, 0, with_shipping=True)
        before += units
    return back
