import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rivals import await_lock, order_at_once, own_retour, two_processes
from service_shop import ORDER, Shop, problem
from sqlalchemy import select
from statements import sent_statements

from service.application import Retour
from service.customers.links import note_links
from service.customers.repository import customer_links
from service.domain.events import Actor
from service.orders.schemas import OrderBody
from service.platform.db import metadata
from service.platform.identity import Kind, identity_tokens

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANNA: dict[Kind, str] = {
    "address": "12487 berlin, annastr. 1",
    "device": "anna-phone-5f0c1b7e",
    "phone": "+4930123456-anna",
    "payment": "card-of-anna-9d8e7f",
}
PLACED_AT_US = 1_771_578_000_000_000
Link = tuple[str, str, str]


def rows(retour: Retour) -> dict[Link, tuple[str, int]]:
    """By customer, kind and token: the first order, and when it was placed."""
    with retour.context.db.read() as connection:
        found = connection.execute(select(customer_links)).all()
    return {
        (each.customer_key, each.kind, each.token): (each.order_id, each.first_seen_at_us)
        for each in found
    }


def told(retour: Retour) -> list[dict[str, Any]]:
    """What the log says that customers' orders came by."""
    events = retour.read_log(0, 10_000)
    return [json.loads(each.data) for each in events if each.type == "customer.identified"]


def look_ups(retour: Retour) -> int:
    with retour.context.db.read() as connection:
        return len(connection.execute(select(identity_tokens)).all())


def cells(retour: Retour) -> Iterator[str]:
    """Every row of every table, the log and the access log included."""
    with retour.context.db.read() as connection:
        for table in metadata.sorted_tables:
            yield from map(str, connection.execute(select(table)))


class TestLinks:
    def test_an_order_links_its_customer_to_what_it_came_by(self, shop: Shop) -> None:
        assert shop.put_order(identity=ANNA).status_code == 201

        (said,) = told(shop.retour)
        assert said["order_id"] == "A-1"
        for kind, prefix in zip(ANNA, ("adr", "dev", "pho", "pay"), strict=True):
            token = said[f"{kind}_key"]
            assert re.fullmatch(f"{prefix}_[0-9a-z]{{26}}", token)
            link = (said["customer_key"], kind, token)
            assert rows(shop.retour)[link] == ("A-1", PLACED_AT_US)
        assert len(rows(shop.retour)) == 4

    def test_the_event_is_the_customers_own_and_as_old_as_the_order(self, shop: Shop) -> None:
        shop.put_order(identity={"device": "d-1"})

        placed, identified = shop.retour.read_log(0, 10)
        assert (placed.type, identified.type) == ("order.placed", "customer.identified")
        assert identified.subject == json.loads(placed.data)["customer_key"]
        assert identified.time_us == PLACED_AT_US
        assert (identified.actor_role, identified.actor_key) == ("shop", placed.actor_key)
        assert identified.correlation_id == placed.correlation_id

    def test_what_is_not_told_is_not_made_up(self, shop: Shop) -> None:
        shop.put_order(identity={"phone": "110", "address": None})

        (said,) = told(shop.retour)
        assert (said["address_key"], said["device_key"], said["payment_key"]) == (None, None, None)
        assert [kind for _, kind, _ in rows(shop.retour)] == ["phone"]

    def test_nothing_told_is_nothing_kept(self, shop: Shop) -> None:
        shop.put_order()

        assert rows(shop.retour) == {}
        assert shop.types() == ["order.placed"]

    def test_customers_who_share_an_address_share_its_token(self, shop: Shop) -> None:
        shop.put_order("A-1", customer="anna", identity=ANNA)
        shop.put_order("B-1", customer="bert", identity={"address": ANNA["address"]})

        annas, berts = told(shop.retour)
        assert annas["customer_key"] != berts["customer_key"]
        assert annas["address_key"] == berts["address_key"]
        customers = Counter(token for _, _, token in rows(shop.retour))
        assert customers[annas["address_key"]] == 2
        assert customers[annas["device_key"]] == 1


class TestTellingAgain:
    def test_the_same_again_changes_nothing(self, shop: Shop) -> None:
        shop.put_order(identity=ANNA)
        before = list(cells(shop.retour))

        again = shop.put_order(identity=ANNA)

        assert (again.status_code, again.json()["is_new"]) == (200, False)
        assert list(cells(shop.retour)) == before

    def test_another_order_that_came_by_the_same_says_nothing_new(self, shop: Shop) -> None:
        shop.put_order("A-1", identity=ANNA)
        before = rows(shop.retour)

        shop.put_order("A-2", identity=ANNA, placed_at="2026-03-01T00:00:00Z")

        assert rows(shop.retour) == before
        assert shop.types() == ["order.placed", "customer.identified", "order.placed"]

    def test_what_is_new_is_told_beside_what_is_known(self, shop: Shop) -> None:
        shop.put_order("A-1", identity={"address": "home", "device": "d-1"})

        shop.put_order("A-2", identity={"address": "home", "device": "d-2"})

        first, second = told(shop.retour)
        assert second["address_key"] == first["address_key"]
        assert second["device_key"] != first["device_key"]
        assert sorted(order_id for order_id, _ in rows(shop.retour).values()) == [
            "A-1",
            "A-1",
            "A-2",
        ]

    def test_an_order_does_not_differ_by_it_and_the_newest_word_is_taken_in(
        self, shop: Shop
    ) -> None:
        shop.put_order(identity={"address": "home"})

        other = shop.put_order(identity={"address": "work", "phone": "110"})
        none = shop.put_order()

        assert (other.status_code, none.status_code) == (200, 200)
        assert sorted(kind for _, kind, _ in rows(shop.retour)) == ["address", "address", "phone"]
        assert shop.types() == ["order.placed", "customer.identified", "customer.identified"]

    def test_an_order_that_is_refused_tells_nothing(self, shop: Shop) -> None:
        shop.put_order()
        before = list(cells(shop.retour))

        shop.put_order(identity=ANNA, currency="GBP")
        shop.put_order("A-2", identity=ANNA, placed_at="2031-01-01T00:00:00Z")

        assert list(cells(shop.retour)) == before

    @on_one_database
    def test_whatever_is_told_in_whatever_order_table_and_log_tell_the_same(
        self, retour: Retour
    ) -> None:
        said: set[tuple[str, Kind, str]] = set()

        @settings(max_examples=60, suppress_health_check=list(HealthCheck))
        @given(
            order_id=st.sampled_from(["anna-1", "anna-2", "bert-1"]),
            identity=st.dictionaries(
                st.sampled_from(sorted(ANNA)), st.sampled_from("abc"), min_size=1
            ),
        )
        def tell(order_id: str, identity: dict[Kind, str]) -> None:
            customer = order_id.partition("-")[0]
            body = {**ORDER, "customer": customer, "identity": identity}
            retour.orders.place(order_id, OrderBody.model_validate(body))
            said.update((customer, kind, text) for kind, text in identity.items())

            links = rows(retour)
            assert links == _by_the_log(retour)
            assert len(links) == len(said)
            things = {(kind, text) for _, kind, text in said}
            assert len({token for _, _, token in links}) == len(things)

        tell()


def _by_the_log(retour: Retour) -> dict[Link, tuple[str, int]]:
    """The links as their events tell them; each event tells of a new one."""
    links: dict[Link, tuple[str, int]] = {}
    for event in retour.read_log(0, 10_000):
        if event.type == "customer.identified":
            said, before = json.loads(event.data), len(links)
            for kind in ANNA:
                if token := said[f"{kind}_key"]:
                    link = (said["customer_key"], kind, token)
                    links.setdefault(link, (said["order_id"], event.time_us))
            assert len(links) > before
    return links


@on_one_database
class TestWhatCannotBe:
    @pytest.mark.parametrize(
        ("identity", "field", "words"),
        [
            ({}, "identity", "at least one of address, device, phone and payment"),
            ({"phone": None}, "identity", "at least one of address, device, phone and payment"),
            ("anna", "identity", "must be a JSON object"),
            ({"adress": "anna"}, "identity.adress", "fields here are address, device, phone, pay"),
            ({"address": ""}, "identity.address", "must not be empty"),
            ({"address": "anna" * 126}, "identity.address", "at most 500 characters"),
            ({"device": "anna\tb"}, "identity.device", "control characters"),
            ({"phone": 110}, "identity.phone", "in quotes"),
            ({"payment": ["anna"]}, "identity.payment", "in quotes"),
        ],
    )
    def test_it_is_refused_with_its_place_and_never_echoed(
        self, shop: Shop, identity: object, field: str, words: str
    ) -> None:
        document = problem(shop.put_order(identity=identity), 422, "invalid-request")

        assert document["errors"][0]["field"] == field
        assert words in document["errors"][0]["detail"]
        assert "anna" not in json.dumps(document)
        assert shop.types() == []
        assert look_ups(shop.retour) == 0

    def test_the_longest_text_is_taken(self, shop: Shop) -> None:
        assert shop.put_order(identity={"address": "上" * 500}).status_code == 201

    def test_the_description_shows_how(self, shop: Shop) -> None:
        schemas = shop.client.get("/openapi.json").json()["components"]["schemas"]

        described = schemas["IdentityBody"]
        assert set(described["example"]) == set(ANNA) == set(described["properties"])
        assert set(schemas["OrderBody"]["example"]["identity"]) <= set(ANNA)
        shop.put_order(identity=described["example"])
        assert len(rows(shop.retour)) == 4


class TestPersonalData:
    def test_what_was_told_is_in_clear_in_no_table_event_or_line_of_the_log(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        taken = shop.put_order(identity=ANNA)
        differs = shop.put_order(identity=ANNA, currency="GBP")
        mistyped = shop.put_order(identity={**ANNA, "phone": f"{ANNA['phone']}\n"})

        answers = (taken, differs, mistyped)
        assert [answer.status_code for answer in answers] == [201, 409, 422]
        kept = " ".join(cells(shop.retour))
        assert "adr_" in kept
        assert "/v1/orders/{order_id}" in caplog.text
        for text in ANNA.values():
            assert text not in kept
            assert text not in caplog.text
            assert [answer for answer in answers if text in answer.text] == []


class TestAtOnce:
    @pytest.mark.slow
    def test_two_orders_of_one_customer_at_one_moment_find_one_token_and_make_one_link(
        self, retour: Retour, database_url: str
    ) -> None:
        customers = [f"customer-{number}" for number in range(20)]

        with two_processes(order_at_once, database_url, customers) as processes:
            pass

        assert [each.exitcode for each in processes] == [0, 0]
        links = rows(retour)
        assert links == _by_the_log(retour)
        assert len(told(retour)) == len({said["customer_key"] for said in told(retour)}) == 20
        assert len({token for _, kind, token in links if kind == "address"}) == 20
        assert len({token for _, kind, token in links if kind == "device"}) == 1
        assert look_ups(retour) == 41

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_what_is_told_while_its_customer_is_erased_goes_too(
        self, retour: Retour, database_url: str
    ) -> None:
        body = OrderBody.model_validate({**ORDER, "customer": "anna"})
        retour.orders.place("A-1", body)
        other = own_retour(database_url)
        with ThreadPoolExecutor(1) as pool:
            with retour.context.transaction() as transaction:
                references: dict[Kind, str] = {"customer": "anna", **ANNA}
                tokens = retour.context.identity.tokens(transaction.connection, references)
                note_links(transaction, "A-1", tokens, Actor("shop"), transaction.now)
                erasing = pool.submit(other.erasure.erase, "anna")
                await_lock(retour)
            assert erasing.result(timeout=30).links == 4
        other.context.db.dispose()
        assert (rows(retour), look_ups(retour)) == ({}, 0)

    def test_of_one_who_is_gone_nothing_is_noted(self, retour: Retour) -> None:
        with retour.context.transaction() as transaction:
            references: dict[Kind, str] = {"customer": "anna", **ANNA}
            tokens = retour.context.identity.tokens(transaction.connection, references)
            retour.context.identity.forget(transaction.connection, "anna")
            note_links(transaction, "A-1", tokens, Actor("shop"), transaction.now)

        assert (rows(retour), look_ups(retour), told(retour)) == ({}, 0, [])


class TestCost:
    def test_an_order_costs_two_statements_more_and_a_third_where_something_is_met(
        self, shop: Shop
    ) -> None:
        shop.put_order("A-0", identity=ANNA)

        def cost(order_id: str, **order: Any) -> int:
            with sent_statements() as sent:
                shop.put_order(order_id, **order).raise_for_status()
            return len(sent)

        without = cost("A-1")
        assert cost("A-2", identity=ANNA) - without <= 2
        assert cost("A-3", identity={**ANNA, "address": "elsewhere"}) - without <= 3
