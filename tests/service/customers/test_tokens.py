import multiprocessing
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from rivals import guess, two_processes
from service_shop import MAIL, Shop

from service.customers.contacts import mail_sha256
from service.edge import customer_of_order

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(answer: httpx.Response) -> dict[str, Any]:
    """What a refusal says, the request's own id aside."""
    return {key: value for key, value in answer.json().items() if key != "request_id"}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Two orders of one customer, and one of another."""
    for order_id in ("A-1", "A-2"):
        shop.put_order(order_id, email=MAIL)
        shop.put_parcel(order_id)
    shop.put_order("B-1", customer="bert", email="bert@example.org")
    shop.put_parcel("B-1")
    return shop


class TestPostCustomerToken:
    def test_the_right_address_gets_a_token_of_the_order(self, shop: Shop) -> None:
        rma = shop.apply().json()["rma"]

        answer = shop.ask_token(mail=f" {MAIL.upper()} ")

        assert answer.status_code == 201
        assert answer.json()["expires_at"] == "2026-03-03T12:00:00Z"
        assert shop.show(rma, answer.json()["token"]).json()["rma"] == rma

    @pytest.mark.parametrize(
        ("order_id", "mail"), [("A-1", "bert@example.org"), ("B-1", MAIL), ("A-404", MAIL)]
    )
    def test_a_wrong_pair_and_an_unknown_order_look_the_same(
        self, shop: Shop, order_id: str, mail: str
    ) -> None:
        answer = shop.ask_token(order_id, mail)

        assert answer.status_code == 404
        unknown, this = told(shop.ask_token("A-405")), told(answer)
        assert {**this, "detail": this["detail"].replace(order_id, "A-405")} == unknown

    @on_one_database
    def test_an_order_without_an_address_proves_nobody(self, shop: Shop) -> None:
        shop.put_order("C-1", customer="carl")

        assert shop.ask_token("C-1", "").status_code == 404

    @on_one_database
    @pytest.mark.parametrize("sha256", ["", "A" * 64, "0" * 63, MAIL])
    def test_what_is_no_hash_is_refused_and_not_echoed(self, shop: Shop, sha256: str) -> None:
        body = {"order_id": "A-1", "mail_sha256": sha256}

        answer = shop.call("storefront", "POST", "/v1/customer-tokens", json=body)

        assert answer.status_code == 422
        assert "SHA-256 of the mail address" in answer.json()["detail"]
        assert MAIL not in answer.text

    @pytest.mark.parametrize("order_id", ["A-1", "A-404"])
    def test_after_five_wrong_tries_within_an_hour_nobody_is_let_in(
        self, shop: Shop, order_id: str
    ) -> None:
        tries = [shop.ask_token(order_id, "mallory@example.org").status_code for _ in range(6)]

        assert tries == [404] * 5 + [429]
        refused = shop.ask_token(order_id)
        assert refused.status_code == 429
        assert "try again from 2026-03-02T13:00:00Z on" in refused.json()["detail"]
        assert refused.headers["retry-after"] == "3601"
        assert shop.ask_token("A-2").status_code == 201

    def test_wrong_tries_count_for_an_hour_each(self, shop: Shop) -> None:
        noon = shop.clock.now()
        for minutes in (0, 50, 50, 50, 50):
            shop.clock.move_to(noon + timedelta(minutes=minutes))
            shop.ask_token(mail="mallory@example.org")

        assert shop.ask_token().status_code == 429
        shop.clock.move_to(noon + timedelta(minutes=60))
        assert shop.ask_token(mail="mallory@example.org").status_code == 404
        assert shop.ask_token().status_code == 429
        shop.clock.move_to(noon + timedelta(minutes=110))
        assert shop.ask_token().status_code == 201

    def test_right_ones_do_not_count(self, shop: Shop) -> None:
        assert {shop.ask_token().status_code for _ in range(7)} == {201}

    @pytest.mark.slow
    def test_tries_of_many_at_once_count_each(self, shop: Shop, database_url: str) -> None:
        results = multiprocessing.get_context("spawn").Queue()
        with two_processes(guess, database_url, "A-1", 5, results):
            answers = [results.get(timeout=60) for _ in range(10)]

        assert sorted(answers) == ["TooManyTries"] * 5 + ["UnknownOrder"] * 5

    def test_a_repeated_request_gets_a_token_of_the_same_order(self, shop: Shop) -> None:
        first, again = shop.ask_token(key="k-1"), shop.ask_token(key="k-1")

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()

    def test_repeating_a_wrong_try_does_not_make_it_right(self, shop: Shop) -> None:
        tries = [shop.ask_token(mail="m@example.org", key="k-1").status_code for _ in range(6)]

        assert tries == [404] * 5 + [429]


class TestCustomerOfReturn:
    @pytest.mark.parametrize("role", ["reviewer", "inspector", "finance", "after_sales", "admin"])
    @on_one_database
    def test_staff_need_no_token(self, shop: Shop, role: str) -> None:
        rma = shop.apply().json()["rma"]

        assert shop.call(role, "GET", f"/v1/returns/{rma}").status_code == 200

    def test_a_token_may_come_in_the_link(self, shop: Shop) -> None:
        made = shop.apply().json()
        path = f"/v1/returns/{made['rma']}?token={made['customer_token']}"

        assert shop.call("storefront", "GET", path).status_code == 200

    def test_only_the_answer_to_an_application_brings_one(self, shop: Shop) -> None:
        rma = shop.apply().json()["rma"]

        assert shop.show(rma).json()["customer_token"] is None
        assert shop.call("reviewer", "GET", f"/v1/returns/{rma}").json()["customer_token"] is None

    @pytest.mark.parametrize(
        ("token", "slug"),
        [
            (lambda _: "", "customer-token-missing"),
            (lambda _: "forged", "customer-token-not-valid"),
            (lambda shop: shop.ask_token("A-2").json()["token"], "customer-token-for-another"),
            (lambda shop: shop.apply(order_id="A-2").json()["customer_token"], "customer-token-for-another"),
            (lambda shop: shop.retour.context.proofs.make("survey", "A-1").token, "customer-token-for-another"),
        ],
    )  # fmt: skip
    def test_without_its_own_token_nobody_learns_whether_there_is_such_a_return(
        self, shop: Shop, token: Callable[[Shop], str], slug: str
    ) -> None:
        known, unknown = shop.apply().json()["rma"], shop.retour.context.ids.rma()
        sent = token(shop)

        refused = shop.show(known, sent)

        assert refused.status_code == 403
        assert refused.json()["type"] == f"/problems/{slug}"
        assert told(refused) == told(shop.show(unknown, sent))

    def test_a_token_that_ended_is_told_so(self, shop: Shop) -> None:
        rma = shop.apply().json()["rma"]
        shop.clock.move_to(shop.clock.now() + timedelta(days=180))

        refused = shop.show(rma)

        assert refused.status_code == 403
        assert "ended at 2026-08-29T12:00:00Z" in refused.json()["detail"]

    @on_one_database
    def test_a_mistyped_number_is_noticed_before_anything_is_told(self, shop: Shop) -> None:
        answer = shop.show("R00000-00000-1", "")

        assert answer.status_code == 404
        assert "mistyped" in answer.json()["detail"]


@on_one_database
class TestCustomerOfOrder:
    @pytest.fixture
    def shop(self, shop: Shop) -> Iterator[Shop]:
        """A shop whose service has an endpoint about orders for their customers, as long as the test lasts."""
        app = shop.client.app
        assert isinstance(app, FastAPI)
        others = list(app.router.routes)

        @app.get("/of/{order_id}", dependencies=[Depends(customer_of_order)])
        def of(order_id: str) -> str:
            return order_id

        yield shop
        app.router.routes[:] = others

    def ask(self, shop: Shop, order_id: str, **headers: str) -> int:
        return shop.call("storefront", "GET", f"/of/{order_id}", headers=headers).status_code

    def test_its_token_opens_it_and_no_other(self, shop: Shop) -> None:
        token = shop.ask_token("A-1").json()["token"]

        assert self.ask(shop, "A-1", **{"Retour-Customer": token}) == 200
        assert self.ask(shop, "A-2", **{"Retour-Customer": token}) == 403
        assert self.ask(shop, "A-1") == 403

    def test_staff_need_none_and_a_role_without_rights_stays_outside(self, shop: Shop) -> None:
        assert shop.call("reviewer", "GET", "/of/A-1").status_code == 200
        assert shop.call("carrier", "GET", "/of/A-1").status_code == 403


def test_an_address_is_hashed_as_apps_are_told_to(shop: Shop) -> None:
    described = shop.client.get("/openapi.json").json()["components"]["schemas"]
    example = described["CustomerTokenBody"]["example"]

    assert example["mail_sha256"] == mail_sha256("anna@example.com")
