"""The whole house over HTTP: customers, reviewers, dock, finance, after-sales, carriers; and the worker beside them."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
from bank import Bank
from outbox import Outbox
from service_shop import ORDER, Shop

from service.application import Retour
from service.handlers import handlers
from service.letters.writers import House as Sending
from service.platform.clock import VirtualClock
from service.platform.mail import Mailer, Sender
from service.worker import Handler, Worker

DAY = timedelta(days=1)
_SENDER = Sender("Teehaus", "returns@teehaus.example")
_HOUSE = Sending("Teehaus", "https://teehaus.example")
OVERSEAS = {"country": "US"}  # no law's regime: the money follows inspection


def house_handlers(
    retour: Retour, mailer: Mailer, are_letters_written: Callable[[], bool] = lambda: True
) -> Mapping[str, Handler]:
    """What a worker of this house does, with this way out for its letters."""
    return handlers(retour, mailer, _SENDER, _HOUSE, are_letters_written=are_letters_written)


def a_worker(retour: Retour, mailer: Mailer) -> Worker:
    """A worker of this house, with this way out for its letters."""
    return Worker(retour.context, house_handlers(retour, mailer))


class House(Shop):
    """One return at a time, told in verbs. Each verb must succeed; `tried_…` gives the answer whatever it is."""

    rma = ""

    def __init__(self, retour: Retour, clock: VirtualClock) -> None:
        super().__init__(retour, clock)
        self.bank, self.outbox = Bank(), Outbox()

    @property
    def token(self) -> str:
        """What the return's customer proves themselves with."""
        return self._tokens[self.rma]

    def begin(self, quantity: int = 1, reason: str = "defect", **order: Any) -> "House":
        """A delivered order of three mugs, and an application for some of them."""
        assert self.put_order(**{**OVERSEAS, **order}).status_code == 201
        assert self.put_parcel().status_code == 201
        return self.ask_back(quantity, reason)

    def ask_back(self, quantity: int = 1, reason: str = "defect") -> "House":
        lines = [{"line_no": 1, "quantity": quantity, "reason": reason}]
        answer = self.apply(lines=lines)
        assert answer.status_code == 201, answer.text
        self.rma = answer.json()["rma"]
        return self

    def begin_late(self, quantity: int = 1, reason: str = "defect", **order: Any) -> "House":
        """As `begin`, after every window: a reviewer decides."""
        assert self.put_order(**{**OVERSEAS, **order}).status_code == 201
        assert self.put_parcel().status_code == 201
        self.clock.move_to(self.clock.now() + 40 * DAY)
        return self.ask_back(quantity, reason)

    def begin_withdrawal(self, quantity: int = 1) -> "House":
        """A German customer withdraws within fourteen days, in two steps."""
        assert self.put_order().status_code == 201
        assert self.put_parcel().status_code == 201
        return self.begin_withdrawal_again(quantity)

    def begin_withdrawal_again(self, quantity: int = 1) -> "House":
        """The same customer withdraws from some more."""
        lines = [{"line_no": 1, "quantity": quantity}]
        body = {"order_id": "A-1", "customer": ORDER["customer"], "lines": lines}
        first = self.call("storefront", "POST", "/v1/withdrawals", json=body)
        assert first.status_code == 200, first.text
        confirmed = self.call(
            "storefront",
            "POST",
            "/v1/withdrawals/confirmations",
            json={"confirmation": first.json()["confirmation"]},
        )
        assert confirmed.status_code == 201, confirmed.text
        self.rma = confirmed.json()["rma"]
        self._tokens[self.rma] = confirmed.json()["customer_token"]
        return self

    def does(self, role: str, what: str, **body: Any) -> dict[str, Any]:
        """A role does something to the return; it must succeed."""
        answer = self.tries(role, what, **body)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def tries(self, role: str, what: str, **body: Any) -> httpx.Response:
        """A role tries something with the return."""
        token = self._tokens.get(self.rma, "")
        headers = {"Retour-Customer": token} if role == "storefront" else {}
        path = f"/v1/returns/{self.rma}/{what}"
        return self.call(role, "POST", path, json=body, headers=headers)

    def arrive(self, quantity: int | None = None, line_no: int = 1) -> "House":
        """A parcel of the return lies on the dock."""
        body: dict[str, Any] = {"rma": self.rma, "weight_grams": 500}
        if quantity is not None:
            body["lines"] = [{"line_no": line_no, "quantity": quantity}]
        answer = self.call("inspector", "POST", "/v1/parcels", json=body)
        assert answer.status_code == 201, answer.text
        return self

    def find(
        self,
        outcome: str,
        quantity: int = 1,
        *,
        line_no: int = 1,
        grade: str | None = None,
        depth: str = "full",
    ) -> dict[str, Any]:
        """The dock finds one outcome for a whole line."""
        finding = {"outcome": outcome, "quantity": quantity, "grade": grade}
        return self.does(
            "inspector", "inspections", line_no=line_no, depth=depth, findings=[finding]
        )

    def refund_id(self) -> str:
        """The refund that is on its way."""
        (refund,) = [
            each
            for state in ("pending", "unknown", "failed")
            for each in self.call("finance", "GET", f"/v1/refunds?state={state}").json()
            if each["rma"] == self.rma
        ]
        return str(refund["refund_id"])

    def pays(self, what: str = "settlement", **body: Any) -> None:
        """Finance tells of the refund that is on its way."""
        path = f"/v1/refunds/{self.refund_id()}/{what}"
        answer = self.call("finance", "POST", path, **({"json": body} if body else {}))
        assert answer.is_success, answer.text

    def worker(self) -> Worker:
        """A worker whose letters go to the outbox."""
        return a_worker(self.retour, self.outbox)

    def work(self) -> int:
        """The worker does what is due."""
        return self.worker().run_due()

    def wait(self, **time: float) -> "House":
        """Time passes, and the worker does what becomes due."""
        self.clock.move_to(self.clock.now() + timedelta(**time))
        self.work()
        return self

    def look(self) -> dict[str, Any]:
        """The return as its customer sees it."""
        answer = self.show(self.rma)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    @property
    def state(self) -> str:
        return str(self.look()["state"])

    def happened(self) -> list[str]:
        """The types of the return's own events, in order."""
        events = self.retour.read_log(0, 10_000)
        return [event.type for event in events if event.subject == self.rma]

    def told(self, event: str) -> list[dict[str, Any]]:
        """What the return's events of a type say, in order."""
        events = self.retour.read_log(0, 10_000)
        mine = [each for each in events if each.subject == self.rma and each.type == event]
        return [json.loads(each.data) for each in mine]

    def open_cases(self) -> list[str]:
        """The kinds of the cases that are open."""
        cases = self.call("after_sales", "GET", "/v1/cases").json()
        return sorted(case["kind"] for case in cases)
