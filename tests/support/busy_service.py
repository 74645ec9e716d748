"""The service in a process of its own beside one that keeps the writer's place, on either database."""

import multiprocessing
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import psycopg
from policy_with import ALL_PASSES, policy_with
from sqlalchemy import make_url

from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import SystemClock
from service.platform.db import Database
from service.platform.ids import SystemIds

_PATIENCE_SECONDS = 60
_APPEND_LOCK = 0x5245544F5552


@contextmanager
def served(url: str, patience_seconds: float) -> Iterator[str]:
    """Where the service on this database answers; a request of it waits so long for other writers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_serve, args=(url, port, patience_seconds))
    process.start()
    address = f"http://127.0.0.1:{port}"
    try:
        _await(address, process)
        yield address
    finally:
        process.terminate()
        process.join()


@contextmanager
def writing(url: str) -> Iterator[None]:
    """This process writes for as long as the block runs, as an import does."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(address.database), isolation_level=None)) as held:
            held.execute("begin immediate")
            yield
        return
    with psycopg.connect(address.set(drivername="postgresql").render_as_string(False)) as other:
        other.execute("select pg_advisory_xact_lock(%s)", (_APPEND_LOCK,))
        yield


def _serve(url: str, port: int, patience_seconds: float) -> None:
    import uvicorn

    from service.api import create_app

    retour = Retour(
        Database(url, patience_seconds=patience_seconds),
        policy_with(ALL_PASSES),
        RulesOnly(),
        SystemClock(),
        SystemIds(),
        secret=b"a test's secret",
    )
    uvicorn.run(create_app(retour), host="127.0.0.1", port=port, log_level="critical")


def _await(address: str, process: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.is_alive():
        try:
            if httpx.get(f"{address}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the service did not answer")
