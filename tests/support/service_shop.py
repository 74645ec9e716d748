"""A shop that talks to the service over HTTP, with a key of each role, and its customers' tokens."""

import warnings
from types import TracebackType
from typing import Any, Self

import httpx
from fastapi import FastAPI
from told_order import MAIL, ORDER, PARCEL

from service.api import create_app
from service.application import Retour
from service.customers.contacts import mail_sha256
from service.platform.auth import SCOPES
from service.platform.clock import VirtualClock
from service.platform.ids import read_rma

with warnings.catch_warnings():
    # Starlette wants a successor of httpx for its test client; httpx is what the rest of the tests use.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

__all__ = ["MAIL", "ORDER", "PARCEL", "Shop", "problem"]
_idle: list[FastAPI] = []


def _app_of(retour: Retour) -> FastAPI:
    """The HTTP application of this `Retour`: one that no other shop uses any more, else a new one.

    FastAPI keeps every application for ever: hundreds of them slow everything down.
    """
    if not _idle:
        return create_app(retour)
    app = _idle.pop()
    app.state.retour = retour
    for middleware in app.user_middleware:
        if middleware.kwargs:  # what notes each request
            middleware.kwargs.update(clock=retour.context.clock, ids=retour.context.ids)
    app.middleware_stack = None
    return app


class Shop:
    """Requests by role; bodies are those above, with what a test changes."""

    _app: FastAPI | None = None  # of a shop that runs elsewhere there is none

    def __init__(self, retour: Retour, clock: VirtualClock) -> None:
        self.retour, self.clock = retour, clock
        self._app = app = _app_of(retour)
        self.client = TestClient(app)
        self._keys = {str(role): retour.keys.create(role, "test") for role in SCOPES}
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.__exit__(kind, error, trace)
        if self._app is not None:
            _idle.append(self._app)

    def call(self, role: str, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._keys[role]}", **request.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **request)

    def put_order(self, order_id: str = "A-1", **changed: Any) -> httpx.Response:
        return self.call("shop", "PUT", f"/v1/orders/{order_id}", json={**ORDER, **changed})

    def put_parcel(
        self, order_id: str = "A-1", parcel: str = "1", **changed: Any
    ) -> httpx.Response:
        path = f"/v1/orders/{order_id}/deliveries/{parcel}"
        return self.call("shop", "PUT", path, json={**PARCEL, **changed})

    def put_product(self, sku: str = "MUG", **body: Any) -> httpx.Response:
        return self.call("shop", "PUT", f"/v1/products/{sku}", json={"title": "陶瓷杯", **body})

    def apply(
        self,
        quantity: int = 1,
        line_no: int = 1,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
        **changed: Any,
    ) -> httpx.Response:
        line = {"line_no": line_no, "quantity": quantity, "reason": "defect"}
        body = {"order_id": "A-1", "customer": ORDER["customer"], "lines": [line], **changed}
        sent = {**({"Idempotency-Key": key} if key else {}), **(headers or {})}
        answer = self.call("storefront", "POST", "/v1/returns", json=body, headers=sent)
        if answer.is_success:
            self._tokens[answer.json()["rma"]] = answer.json()["customer_token"]
        return answer

    def show(self, rma: str, token: str | None = None) -> httpx.Response:
        """As its customer sees it: with this token, else with the one that the application was answered with."""
        token = self._tokens.get(read_rma(rma)) if token is None else token
        headers = {"Retour-Customer": token} if token else {}
        return self.call("storefront", "GET", f"/v1/returns/{rma}", headers=headers)

    def ask_token(self, order_id: str = "A-1", mail: str = MAIL, key: str = "") -> httpx.Response:
        """The shop's app asks for the token of an order's customer."""
        body = {"order_id": order_id, "mail_sha256": mail_sha256(mail)}
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("storefront", "POST", "/v1/customer-tokens", json=body, headers=headers)

    def delivered(self) -> Self:
        """An order of three mugs, all of which arrived; its pot did not."""
        assert self.put_order().status_code == 201
        assert self.put_parcel().status_code == 201
        return self

    def types(self) -> list[str]:
        """The types of the log's events, in order."""
        return [event.type for event in self.retour.read_log(0, 10_000)]


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document that an answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{slug}"
    assert document["status"] == status
    assert document["title"]
    return document
