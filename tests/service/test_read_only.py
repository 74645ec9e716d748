"""PostgreSQL after a fail-over: the server that was led to takes no writes, until the address leads to one that does."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from rivals import own_retour
from service_shop import Shop, problem
from sqlalchemy import make_url
from workers import in_thread, note, noted, put

from service.platform.jobs import Job
from service.worker import Transactional, Worker

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_who_writes_is_told_to_come_again_and_does_so_with_success(
    shop: Shop, database_url: str
) -> None:
    with read_only(database_url):
        shop.retour.context.db.dispose()
        ready = shop.client.get("/readyz")
        refused = shop.put_order()

    problem(refused, 503, "database-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert ready.status_code == 200
    assert shop.put_order().status_code == 201


def test_the_worker_waits_and_goes_on(
    shop: Shop,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("service.worker.POLL_SECONDS", 0.01)
    live, stop = own_retour(database_url), threading.Event()
    put(live, Job("note", "R1", live.context.clock.now()))
    worker = Worker(live.context, {"note": Transactional(note)})
    with caplog.at_level(logging.ERROR, logger="retour.worker"):
        with read_only(database_url):
            live.context.db.dispose()
            thread = in_thread(lambda: worker.run_forever(stop))
            _wait_until(lambda: "takes no writes" in caplog.text or not thread.is_alive())
        _wait_until(lambda: noted(live) == ["R1"] or not thread.is_alive())
    stop.set()
    thread.join(60)

    assert noted(live) == ["R1"]
    live.context.db.dispose()


@contextmanager
def read_only(url: str) -> Iterator[None]:
    """Whoever connects to the database meanwhile cannot write, and never can by that connection."""
    _set_read_only(url, "on")
    try:
        yield
    finally:
        _set_read_only(url, "off")


def _set_read_only(url: str, value: str) -> None:
    address = make_url(url).set(drivername="postgresql")
    writes = "-c default_transaction_read_only=off"
    with psycopg.connect(
        address.render_as_string(False), autocommit=True, options=writes
    ) as connection:
        connection.execute(
            f'alter database "{address.database}" set default_transaction_read_only = {value}'
        )


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)
