"""The payment port: money goes back through a provider that may be slow, fall silent, or refuse.

Every order to pay carries a key; a provider that sees a key again pays nothing, and says what became of it.
"""

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from http.client import HTTPException
from typing import Literal, Protocol
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import BaseModel, ValidationError

from retour.errors import UserError
from service.domain.words import FailureReason

_MOST_BYTES = 100_000
_WEB_ADDRESS = re.compile(r"https?://[!-~]+")
_IN_A_HEADER = re.compile(r"[ -~]*")


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """An amount that is to go back for an order, by these means. `key` makes repeating it harmless."""

    key: str
    order_id: str | None
    amount_minor: int
    currency: str
    means: str


@dataclass(frozen=True, slots=True)
class Payment:
    """What a provider says: settled, failed for a reason, being carried out (`pending`), or a person's work (`by_hand`)."""

    state: Literal["settled", "failed", "pending", "by_hand"]
    reason: FailureReason | None = None


class NoAnswer(UserError):
    """The provider did not answer in time: it may have paid or not."""


class Payments(Protocol):
    def refund(self, order: PaymentOrder) -> Payment:
        """Pay back. Raises `NoAnswer`."""
        ...

    def find(self, key: str) -> Payment | None:
        """What became of an order; None where the provider never saw it. Raises `NoAnswer`."""
        ...


class ByHand:
    """No provider: somebody pays at the bank and tells the service that it is done."""

    def refund(self, order: PaymentOrder) -> Payment:
        """Waits for a person."""
        return Payment("by_hand")

    def find(self, key: str) -> Payment | None:
        """Nobody but that person knows."""
        return Payment("by_hand")


class ShopsPayments:
    """The shop's own payment system behind two HTTP calls, as `docs/payments.md` describes them.

    `POST url` orders a payment under an `Idempotency-Key`, `GET url/key` tells what became of it. Whatever else than an
    understood answer comes in time counts as silence: it is asked again, under the same key. The time is that of all
    of it, from the name's look-up to the answer's last byte. The secret goes to this address and, by no redirect, elsewhere.
    """

    def __init__(self, url: str, secret: str, timeout_seconds: float = 10) -> None:
        """Raises `NoPaymentSystem` where the address is none, or the secret nothing that can be sent."""
        if not _is_address(url):
            raise NoPaymentSystem(
                "RETOUR_PAYMENTS_URL is no address of a payment system; write https://HOST/PATH without a password in it "
                "(that is RETOUR_PAYMENTS_SECRET), or leave it empty: refunds are then paid by hand"
            )
        if not _IN_A_HEADER.fullmatch(secret):
            raise NoPaymentSystem(
                "RETOUR_PAYMENTS_SECRET holds a line end or other letters than printable ASCII, which no header carries; "
                "set it without them"
            )
        self._url, self._secret, self._timeout = url.rstrip("/"), secret, timeout_seconds

    def refund(self, order: PaymentOrder) -> Payment:
        """Have it paid back. Raises `NoAnswer`."""
        body = {name: value for name, value in asdict(order).items() if name != "key"}
        answer = self._ask("POST", self._url, json.dumps(body).encode(), order.key)
        if answer is None:
            raise NoAnswer(f"the payment system knows nothing at {self._url}")
        return answer

    def find(self, key: str) -> Payment | None:
        """What became of an order; None where it never came there. Raises `NoAnswer`."""
        return self._ask("GET", f"{self._url}/{quote(key, safe='')}", None, key)

    def _ask(self, method: str, url: str, body: bytes | None, key: str) -> Payment | None:
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        request = Request(url, body, headers, method=method)  # noqa: S310  # checked when it was set
        try:
            return _understood(_within(self._timeout, lambda: self._answer_to(request)))
        except HTTPError as refused:
            refused.close()
            if refused.code == 404:
                return None
            raise NoAnswer(f"the payment system answers {refused.code}") from refused
        except (OSError, HTTPException) as silence:
            raise NoAnswer(f"the payment system is silent ({type(silence).__name__})") from silence

    def _answer_to(self, request: Request) -> bytes:
        with _OPENER.open(request, timeout=self._timeout) as answer:
            said: bytes = answer.read(_MOST_BYTES)
        return said


class _NoRedirects(HTTPRedirectHandler):
    """What is elsewhere is an answer like any other status: the secret is for one address."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = build_opener(_NoRedirects)


def _within(seconds: float, ask: Callable[[], bytes]) -> bytes:
    """What is answered, if all of it comes within this time; else `TimeoutError`.

    A socket's own timeout begins anew with every byte. What still comes then is read by a thread that nobody waits for.
    """
    answer: Future[bytes] = Future()

    def listen() -> None:
        try:
            answer.set_result(ask())
        except Exception as failure:
            answer.set_exception(failure)

    threading.Thread(target=listen, daemon=True).start()
    return answer.result(seconds)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:
        return False
    is_whole = _WEB_ADDRESS.fullmatch(url) is not None and not (parts.query or parts.fragment)
    return is_whole and is_port and bool(parts.hostname) and "@" not in parts.netloc


class NoPaymentSystem(UserError):
    """The setting names no payment system."""


def _understood(answer: bytes) -> Payment:
    try:
        told = _Answer.model_validate_json(answer)
    except ValidationError as strange:
        raise NoAnswer("the payment system's answer is not understood") from strange
    return Payment(told.state, told.reason)


class _Answer(BaseModel):
    """What the shop's payment system says; what it says besides is its own."""

    state: Literal["settled", "failed", "pending"]
    reason: FailureReason | None = None
