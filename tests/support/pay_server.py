"""A shop's payment system over real HTTP on loopback: it pays each key once, and may pay without ever answering."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "a payment secret"


@dataclass
class Till:
    """What was paid, by key. A silent till pays, and holds its answers back."""

    is_silent: bool = False
    paid_minor: dict[str, int] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    was_asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def pay(self, key: str, amount_minor: int) -> None:
        self.orders.append(key)
        self.paid_minor.setdefault(key, amount_minor)
        self.was_asked.set()
        if self.is_silent:
            self.may_answer.wait(60)


@contextmanager
def pay_server(till: Till) -> Iterator[str]:
    """The system in a thread; the address of its payments."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            till.pay(self.headers["Idempotency-Key"], said["amount_minor"])
            self._answer(200, {"state": "settled"})

        def do_GET(self) -> None:
            is_known = self.path.rpartition("/")[2] in till.paid_minor
            self._answer(200 if is_known else 404, {"state": "settled"} if is_known else {})

        def _answer(self, status: int, said: dict[str, str]) -> None:
            is_trusted = self.headers["Authorization"] == f"Bearer {SECRET}"
            body = json.dumps(said).encode()
            try:
                self.send_response(status if is_trusted else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # whoever asked is gone

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/payments"
    finally:
        till.may_answer.set()
        server.shutdown()
        thread.join()
        server.server_close()
