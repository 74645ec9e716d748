"""What a payment system may answer that is no answer, over real HTTP."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service.platform.payments import NoAnswer, NoPaymentSystem, PaymentOrder, ShopsPayments

ORDER = PaymentOrder("rfd_1-1", "A-1", 100, "EUR", "original")
SETTLED = b'{"state": "settled"}'
Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[BaseHTTPRequestHandler]]]:
    """A system that answers each request so: its address, and the requests that came."""
    came: list[BaseHTTPRequestHandler] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer(self)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/payments", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settle(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(SETTLED)))
    request.end_headers()
    request.wfile.write(SETTLED)


class TestAnswers:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("call", ["refund", "find"])
    def test_no_redirect_is_followed_and_the_secret_goes_nowhere_else(
        self, status: int, call: str
    ) -> None:
        with answering(settle) as (elsewhere, came_elsewhere):

            def redirect(request: BaseHTTPRequestHandler) -> None:
                request.send_response(status)
                request.send_header("Location", elsewhere)
                request.send_header("Content-Length", "0")
                request.end_headers()

            with answering(redirect) as (address, came):
                payments = ShopsPayments(address, "a secret")
                with pytest.raises(NoAnswer, match=f"answers {status}"):
                    payments.refund(ORDER) if call == "refund" else payments.find("rfd_1-1")

        assert (len(came), came_elsewhere) == (1, [])

    @pytest.mark.parametrize("dripping", ["headers", "body"])
    def test_an_answer_that_never_ends_is_waited_for_no_longer_than_one_that_never_begins(
        self, dripping: str
    ) -> None:
        heard = threading.Event()

        def drip(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            if dripping == "body":
                request.send_header("Content-Length", "100000")
                request.end_headers()
            else:
                request.flush_headers()
            while not heard.wait(0.05):
                request.wfile.write(b"x")

        with answering(drip) as (address, _):
            payments = ShopsPayments(address, "a secret", timeout_seconds=0.5)
            try:
                with pytest.raises(NoAnswer, match="silent"):
                    payments.refund(ORDER)
            finally:
                heard.set()


class TestSettings:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "pay.example",
            "ftp://pay.example/refunds",
            "http://[::1",
            "http://pay.example:999999",
            "http://pay.example:web",
            "https://pay .example",
            "https://pay.example/a b",
            "https://pay.example/refunds\n",
            "https://shop:pa55word@pay.example/refunds",
            "https://pay.example/refunds?of=shop",
            "https://pay.example/refunds#1",
        ],
    )
    def test_an_address_that_cannot_be_asked_is_refused_and_not_repeated(self, url: str) -> None:
        with pytest.raises(NoPaymentSystem, match="RETOUR_PAYMENTS_URL") as refused:
            ShopsPayments(url, "a secret")

        assert "pa55word" not in str(refused.value)

    @pytest.mark.parametrize("secret", ["hush\n", "hush\r\nX: y", "тайна", "\x7f"])
    def test_a_secret_that_no_header_carries_is_refused_and_not_repeated(self, secret: str) -> None:
        with pytest.raises(NoPaymentSystem, match="RETOUR_PAYMENTS_SECRET") as refused:
            ShopsPayments("https://pay.example/refunds", secret)

        assert secret not in str(refused.value)
