"""Real processes that serve, real clients that ask them, and a shop's orders to apply for."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any, Self

from retour.settings import Settings
from service.application import Retour
from service.orders.commands import Orders
from service.orders.schemas import DeliveryBody, OrderBody
from service.platform.db import OpenTransaction

_LIMIT_SECONDS = 60
_POLL_SECONDS = 0.005

Ask = Callable[["Client", int], object]


class Client:
    """One kept connection of a shop's app."""

    def __init__(self, port: int, key: str = "") -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_LIMIT_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The answer's JSON; an answer that is no success ends the bench."""
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, {**self._headers, **headers})
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {told.decode()}")
        return json.loads(told)


@contextmanager
def served(
    words: Sequence[str], settings: Settings
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A process that serves on the settings' port, and the seconds until it answered."""
    environment = {
        **os.environ,
        "RETOUR_VAR_DIR": str(settings.var_dir),
        "RETOUR_DATABASE_URL": settings.database_url,
        "RETOUR_SERVICE_PORT": str(settings.service_port),
    }
    started = time.perf_counter()
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
    try:
        _await(process, settings.service_port)
        yield process, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(_LIMIT_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident_mib(process: subprocess.Popen[bytes]) -> float:
    """The process's resident memory."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def in_turns(port: int, key: str, asks: Sequence[Ask], numbers: Sequence[int]) -> list[list[float]]:
    """How many milliseconds each ask took. One client asks in turns, so that a busy moment slows all alike."""
    with Client(port, key) as client:
        rounds = [[_timed(client, ask, number) for ask in asks] for number in numbers]
    return [list(took) for took in zip(*rounds, strict=True)]


def milliseconds(
    port: int, key: str, ask: Ask, numbers: Sequence[int], clients: int = 1
) -> list[float]:
    """How long each of these asks took, the numbers dealt out to so many clients at once."""
    took: list[float] = []
    ready = threading.Barrier(clients)

    def work(own: Sequence[int]) -> None:
        with Client(port, key) as client:
            ready.wait(_LIMIT_SECONDS)
            took.extend(_timed(client, ask, number) for number in own)

    threads = [threading.Thread(target=work, args=(numbers[n::clients],)) for n in range(clients)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if len(took) != len(numbers):
        raise RuntimeError("a client of the bench failed; what it was answered stands above")
    return took


def p99(took: Sequence[float]) -> float:
    return quantiles(took, n=100)[98]


def deliver_orders(retour: Retour, count: int) -> None:
    """Orders A-0, A-1 …, each of a customer of its own, delivered yesterday; one transaction for all."""
    now = retour.context.clock.now()
    with retour.context.db.write() as connection:
        joined = replace(retour.context, db=OpenTransaction(retour.context.db, connection))
        shop = Orders(joined)
        for number in range(count):
            shop.place(f"A-{number}", OrderBody.model_validate(_order(number, now - timedelta(3))))
            parcel = {"delivered_at": now - timedelta(1), "lines": [{"line_no": 1, "quantity": 2}]}
            shop.deliver(f"A-{number}", "1", DeliveryBody.model_validate(parcel))


def application(number: int) -> dict[str, object]:
    """What the customer of order A-`number` applies with."""
    line = {"line_no": 1, "quantity": 1, "reason": "defect"}
    return {"order_id": f"A-{number}", "customer": f"customer-{number}", "lines": [line]}


def _order(number: int, placed_at: object) -> dict[str, object]:
    return {
        "customer": f"customer-{number}",
        "currency": "EUR",
        "country": "DE",
        "placed_at": placed_at,
        "lines": [
            {"line_no": 1, "sku": "MUG", "quantity": 2, "unit_price_minor": 1290},
            {"line_no": 2, "sku": "POT", "quantity": 1, "unit_price_minor": 4900},
        ],
    }


def _timed(client: Client, ask: Ask, number: int) -> float:
    started = time.perf_counter()
    ask(client, number)
    return (time.perf_counter() - started) * 1000


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with Client(port) as client:
                client.ask("GET", "/healthz")
                return
        except OSError:
            time.sleep(_POLL_SECONDS)
    raise RuntimeError(f"no answer on port {port} within {_LIMIT_SECONDS} s")
