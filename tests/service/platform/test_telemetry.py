import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from service_shop import ORDER, Shop

from service.platform.telemetry import current_request

GIVEN = "0b7c2f0e-5d0e-4a53-9a39-6a4c1f6a2a11"
MADE = re.compile(r"req_[0-9a-z]{26}")

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Lines(logging.Handler):
    """What the service logs of its requests."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.texts[-1])
        return line


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, handler = logging.getLogger("retour.requests"), Lines()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


class TestRequestId:
    def test_a_callers_id_is_returned_and_is_that_of_every_event(self, shop: Shop) -> None:
        shop.delivered()

        answer = shop.apply(headers={"X-Request-Id": GIVEN})

        assert answer.headers["x-request-id"] == GIVEN
        events = shop.retour.read_log(2, 10)
        assert {event.type for event in events} > {"return.requested", "return.authorized"}
        assert {event.correlation_id for event in events} == {GIVEN}

    def test_each_request_without_one_gets_its_own(self, shop: Shop) -> None:
        ids = [shop.put_order(order_id).headers["x-request-id"] for order_id in ("A-1", "A-2")]

        assert all(MADE.fullmatch(each) for each in ids)
        assert [event.correlation_id for event in shop.retour.read_log(0, 10)] == ids
        assert len(set(ids)) == 2

    @pytest.mark.parametrize(
        "given", ["", "short", "+49 170 1234567", "anna@example.com.or.so", "x" * 65, 'a"b' * 10]
    )
    def test_one_that_could_say_something_is_not_taken(self, shop: Shop, given: str) -> None:
        answer = shop.client.get("/healthz", headers={"X-Request-Id": given})

        assert MADE.fullmatch(answer.headers["x-request-id"])

    def test_outside_of_requests_there_is_none(self, shop: Shop) -> None:
        shop.put_order()

        assert current_request() is None

    def test_a_problem_carries_it(self, shop: Shop, lines: Lines) -> None:
        refused = [
            shop.put_order(currency="euro"),
            shop.client.get("/v1/staff"),
            shop.client.get("/nothing"),
            shop.call("shop", "PUT", "/v1/orders/A-1", content=b"{", headers={"Content-Type": "application/json"}),
        ]  # fmt: skip

        assert [each.status_code for each in refused] == [422, 401, 404, 400]
        for answer in refused:
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert lines.last()["request_id"] == refused[-1].json()["request_id"]

    def test_so_does_a_fault_of_ours_and_its_line(
        self, shop: Shop, lines: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shop.retour, "log_head", lambda: 1 / 0)

        client = TestClient(shop.client.app, raise_server_exceptions=False)
        answer = client.get("/readyz", headers={"X-Request-Id": GIVEN})

        assert answer.status_code == 500
        assert answer.json()["request_id"] == answer.headers["x-request-id"] == GIVEN
        assert (lines.last()["status"], lines.last()["request_id"]) == (500, GIVEN)


class TestLine:
    def test_it_has_the_template_of_the_route_and_the_callers_key(
        self, shop: Shop, lines: Lines
    ) -> None:
        answer = shop.put_order("A-1")

        line = lines.last()
        assert isinstance(line.pop("ms"), float)
        shop_key = next(each for each in shop.retour.keys.entries() if each.role == "shop")
        assert line == {
            "at": "2026-03-02T12:00:00+00:00",
            "request_id": answer.headers["x-request-id"],
            "method": "PUT",
            "route": "/v1/orders/{order_id}",
            "key_id": shop_key.key_id,
            "status": 201,
        }

    def test_there_is_one_a_request_on_one_line(self, shop: Shop, lines: Lines) -> None:
        shop.put_order()
        shop.client.get("/v1/staff", headers={"Authorization": "Bearer rk_wrong"})
        shop.client.get("/nothing")

        said = [json.loads(each) for each in lines.texts]
        assert [(each["route"], each["status"]) for each in said] == [
            ("/v1/orders/{order_id}", 201),
            ("/v1/staff", 401),
            (None, 404),
        ]
        assert [each["key_id"] is None for each in said] == [False, True, True]
        assert not any("\n" in each for each in lines.texts)

    def test_nothing_that_was_said_is_in_it(self, shop: Shop, lines: Lines) -> None:
        made = shop.delivered().apply(key="anna-1").json()
        path = f"/v1/returns/{made['rma']}?token={made['customer_token']}"
        shop.call("storefront", "GET", path)
        shop.client.get("/anna?mail=anna@example.com")

        said = " ".join(lines.texts)

        assert len(lines.texts) == 5
        for secret in ("anna", ORDER["customer"], "A-1", made["rma"], made["customer_token"]):
            assert str(secret) not in said
