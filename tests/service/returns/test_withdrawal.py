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
