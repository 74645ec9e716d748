from datetime import timedelta
from typing import Any

import httpx
from house import House
from service_shop import MAIL, ORDER, problem

BODY = {
    "order_id": "A-1",
    "customer": ORDER["customer"],
    "lines": [{"line_no": 1, "quantity": 2}],
}


def declare(house: House, language: str = "en", **changed: Any) -> httpx.Response:
    headers = {"Accept-Language": language}
    body = {**BODY, **changed}
    return house.call("storefront", "POST", "/v1/withdrawals", json=body, headers=headers)


def confirm(house: House, confirmation: str, key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return house.call(
        "storefront",
        "POST",
        "/v1/withdrawals/confirmations",
        json={"confirmation": confirmation},
        headers=headers,
    )


class TestWithdrawal:
    def test_nothing_is_declared_before_it_is_confirmed(self, house: House) -> None:
        house.delivered()
        house.put_product()

        first = declare(house, "zh").json()

        assert first["declaration"] == "本人撤回对以下商品的购买：2 × 陶瓷杯 (MUG)（订单 A-1）。"
        assert house.types() == ["order.placed", "order.delivered", "product.upserted"]

    def test_confirmed_it_needs_no_decision_and_is_acknowledged_at_once(self, house: House) -> None:
        house.put_order(email=MAIL)
        house.put_parcel()
        house.put_product()

        shown = confirm(house, declare(house).json()["confirmation"]).json()
        house.work()

        assert (shown["kind"], shown["regime"], shown["state"]) == (
            "withdrawal",
            "eu_14_day",
            "authorized",
        )
        assert "return.assessed" not in house.types()
        assert "review.opened" not in house.types()
        (letter,) = house.outbox.bodies
        assert "I withdraw from my purchase of 2 × 陶瓷杯 (MUG) (order A-1)." in letter
        assert "If the goods are on their way by Monday 16 March 2026, 12:00, you have your money back by then at the latest." in letter  # fmt: skip

    def test_it_is_confirmed_once_however_often_it_is_sent(self, house: House) -> None:
        house.delivered()
        confirmation = declare(house).json()["confirmation"]

        answers = [confirm(house, confirmation, key="w-1") for _ in range(2)]

        assert [each.status_code for each in answers] == [201, 200]
        assert answers[0].json()["rma"] == answers[1].json()["rma"]
        problem(
            confirm(
                house,
                declare(house, lines=[{"line_no": 1, "quantity": 1}]).json()["confirmation"],
                key="w-1",
            ),
            409,
            "idempotency-key-reused",
        )

    def test_three_taps_on_one_confirmation_declare_once(self, house: House) -> None:
        house.delivered()
        one = [{"line_no": 1, "quantity": 1}]
        confirmation = declare(house, lines=one).json()["confirmation"]

        answers = [confirm(house, confirmation, key) for key in ("", "", "tap-3", "tap-4")]

        assert [each.status_code for each in answers] == [201, 200, 200, 200]
        assert len({each.json()["rma"] for each in answers}) == 1
        assert house.types().count("return.withdrawn") == 1

    def test_a_later_taps_key_stands_for_what_the_first_declared_and_for_nothing_else(
        self, house: House
    ) -> None:
        house.delivered()
        one = [{"line_no": 1, "quantity": 1}]
        confirmation = declare(house, lines=one).json()["confirmation"]
        first = confirm(house, confirmation, "tap-1").json()["rma"]
        confirm(house, confirmation, "tap-2")
        house.clock.move_to(house.clock.now() + timedelta(seconds=1))
        another = declare(house, lines=one).json()["confirmation"]

        problem(confirm(house, another, "tap-2"), 409, "idempotency-key-reused")
        again = confirm(house, confirmation, "tap-2")

        assert (again.status_code, again.json()["rma"]) == (200, first)
        assert house.types().count("return.withdrawn") == 1

    def test_what_is_declared_anew_is_another_withdrawal(self, house: House) -> None:
        house.delivered()
        one = [{"line_no": 1, "quantity": 1}]
        first = declare(house, lines=one).json()["confirmation"]
        house.clock.move_to(house.clock.now() + timedelta(seconds=1))
        second = declare(house, lines=one).json()["confirmation"]

        answers = [confirm(house, each) for each in (first, second)]

        assert [each.status_code for each in answers] == [201, 201]
        assert house.types().count("return.withdrawn") == 2

    def test_after_the_last_day_the_law_grants_none(self, house: House) -> None:
        house.delivered()
        house.put_parcel(parcel="2", lines=[{"line_no": 2, "quantity": 1}])
        house.clock.move_to(house.clock.now() + timedelta(days=10))

        document = problem(declare(house), 409, "no-withdrawal")

        assert "after 2026-03-10 23:59 UTC" in document["detail"]
        assert "POST /v1/returns" in document["detail"]

    def test_where_no_law_grants_one_there_is_none(self, house: House) -> None:
        house.put_order(country="US")
        house.put_parcel()

        assert "by law" in problem(declare(house), 409, "no-withdrawal")["detail"]

    def test_a_changed_confirmation_is_refused(self, house: House) -> None:
        house.delivered()
        confirmation = declare(house).json()["confirmation"]

        problem(confirm(house, f"x{confirmation}"), 403, "customer-token-not-valid")


class TestUnitsInAnotherReturn:
    """A request in francs, on which a person must decide."""

    def withdraw(self, house: House, quantity: int) -> dict[str, Any]:
        lines = [{"line_no": 1, "quantity": quantity}]
        first = declare(house, lines=lines)
        assert first.status_code == 200, first.text
        done = confirm(house, first.json()["confirmation"])
        assert done.status_code == 201, done.text
        told: dict[str, Any] = done.json()
        return told

    def under_review(self, house: House, quantity: int = 3) -> House:
        house.begin(quantity, "changed_mind", country="DE", currency="CHF")
        assert house.state == "under_review"
        return house

    def test_that_nobody_decided_on_are_taken_over(self, house: House) -> None:
        self.under_review(house)

        declared = self.withdraw(house, 3)

        assert (declared["kind"], declared["state"]) == ("withdrawal", "authorized")
        assert declared["rma"] != house.rma
        assert house.state == "closed"
        assert house.happened()[-2:] == ["return.cancelled", "return.closed"]
        assert house.call("reviewer", "GET", "/v1/reviews").json() == []

    def test_are_taken_over_as_far_as_they_are_withdrawn_from(self, house: House) -> None:
        self.under_review(house)

        declared = self.withdraw(house, 2)

        kept, given_up = house.look()["lines"]
        assert (kept["quantity"], kept["state"]) == (1, "under_review")
        assert (given_up["quantity"], given_up["state"]) == (2, "cancelled")
        assert [line["quantity"] for line in declared["lines"]] == [2]
        assert house.state == "under_review"
        house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        assert house.state == "authorized"

    def test_are_left_alone_where_enough_others_are_there(self, house: House) -> None:
        self.under_review(house, 1)

        assert declare(house, lines=[{"line_no": 1, "quantity": 2}]).json()["takes_over"] == []
        self.withdraw(house, 2)

        assert house.state == "under_review"

    def test_of_which_a_question_is_open_are_taken_over(self, house: House) -> None:
        self.under_review(house).does("reviewer", "question", question="Why?")

        self.withdraw(house, 3)

        assert house.state == "closed"

    def test_are_named_before_and_nothing_is_changed(self, house: House) -> None:
        self.under_review(house)
        before = house.types()

        assert declare(house).json()["takes_over"] == [house.rma]

        assert house.types() == before
        assert house.state == "under_review"

    def test_that_may_be_sent_already_must_be_given_up_there_and_it_says_how(
        self, house: House
    ) -> None:
        house.begin(3, "changed_mind", country="DE")

        refused = problem(declare(house), 409, "more-than-delivered")

        assert f"first with POST /v1/returns/{house.rma}/cancellation" in refused["detail"]
        house.does("storefront", "cancellation")
        self.withdraw(house, 3)

    def test_that_are_on_their_way_stay_there(self, house: House) -> None:
        house.begin(3, "changed_mind", country="DE")
        house.does("carrier", "scans", scan="picked_up")

        refused = problem(declare(house), 409, "more-than-delivered")

        assert refused["detail"].endswith("so 0 can be returned, not 2; lower the quantity")

    def test_that_are_decided_on_between_declaring_and_confirming_are_not_taken_over(
        self, house: House
    ) -> None:
        self.under_review(house)
        confirmation = declare(house).json()["confirmation"]
        house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")

        problem(confirm(house, confirmation), 409, "more-than-delivered")

        assert house.state == "authorized"


class TestBeforeTheGoodsAreThere:
    def test_a_person_stops_the_parcel_and_it_says_so(self, house: House) -> None:
        house.put_order()

        refused = problem(declare(house), 409, "not-delivered-yet")

        assert "0 of 3 have been delivered" in refused["detail"]
        assert "with POST /v1/cases (complaint), naming the order" in refused["detail"]
        told = {
            "kind": "complaint",
            "order_id": "A-1",
            "customer": ORDER["customer"],
            "text": "I withdraw from my purchase.",
        }
        assert house.call("storefront", "POST", "/v1/cases", json=told).status_code == 201

    def test_what_is_there_can_be_withdrawn_from_though_more_is_to_come(self, house: House) -> None:
        house.put_order()
        house.put_parcel(lines=[{"line_no": 1, "quantity": 2}])

        assert declare(house).status_code == 200
        more = declare(house, lines=[{"line_no": 1, "quantity": 3}])
        assert "2 of 3" in problem(more, 409, "not-delivered-yet")["detail"]

    def test_where_no_law_grants_one_there_is_none_either(self, house: House) -> None:
        house.put_order(country="US")

        problem(declare(house), 409, "no-withdrawal")

    def test_more_than_was_bought_cannot_come_at_all(self, house: House) -> None:
        house.delivered()

        more = declare(house, lines=[{"line_no": 1, "quantity": 4}])

        assert "lower the quantity" in problem(more, 409, "more-than-delivered")["detail"]
