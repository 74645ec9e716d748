"""Another process writes for longer than anybody waits: who reads is answered, who writes is told to come again."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from busy_service import served, writing
from sqlalchemy import select

from service.application import Retour
from service.platform import migrate
from service.platform.db import Database, DatabaseBusy

WRITERS = 60  # more than the service has threads
PATIENCE_SECONDS = 6.0
MANY = httpx.Limits(max_connections=None)
A_READ_SECONDS = 5.0  # on a busy machine; behind a writer it takes longer


def test_who_reads_is_answered_beside_a_long_writer_and_who_writes_is_told_to_come_again(
    retour: Retour, database_url: str
) -> None:
    key = {"Authorization": f"Bearer {retour.keys.create('shop', 'test')}"}
    with (
        served(database_url, PATIENCE_SECONDS) as address,
        httpx.Client(base_url=address, headers=key, timeout=90, limits=MANY) as client,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        with writing(database_url):
            asked = [pool.submit(_put, client, f"P-{number}") for number in range(WRITERS)]
            read = _read_until_answered(client, asked)
            answers = [each.result() for each in asked]
        after = _put(client, "P-1")

    assert len(read) >= 3
    assert set(read) == {200}
    assert {each.status_code for each in answers} == {503}
    assert all(int(each.headers["Retry-After"]) > 0 for each in answers)
    assert after.status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_more_writers_at_once_than_threads_have_their_turn_when_the_long_one_ends(
    retour: Retour, database_url: str
) -> None:
    key = {"Authorization": f"Bearer {retour.keys.create('shop', 'test')}"}
    with (
        served(database_url, 60) as address,
        httpx.Client(base_url=address, headers=key, timeout=90, limits=MANY) as client,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        with writing(database_url):
            asked = [pool.submit(_put, client, f"P-{number}") for number in range(WRITERS)]
            for _ in range(30):
                assert client.get("/readyz").status_code == 200
            answered = [each for each in asked if each.done()]
        statuses = {each.result().status_code for each in asked}

    assert answered == []
    assert statuses == {200}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_more_may_wait_to_write_than_leave_threads_to_read(db: Database) -> None:
    with ExitStack() as held:
        for _ in range(30):
            held.enter_context(db.write())

        with pytest.raises(DatabaseBusy), db.write():
            pass
        with db.read() as connection:
            assert connection.execute(select(1)).scalar_one() == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_waits_in_the_same_process_waits_so_long_and_no_longer(
    db: Database, database_url: str
) -> None:
    patient = Database(database_url, patience_seconds=0.1)
    with patient.write(), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_write, patient)

        assert isinstance(waiting.exception(timeout=60), DatabaseBusy)
    _write(patient)
    patient.dispose()


def test_a_start_waits_for_nobody_who_writes(retour: Retour, database_url: str) -> None:
    own = Database(database_url, patience_seconds=0.1)
    with writing(database_url):
        migrate.upgrade(own)
    own.dispose()


def _put(client: httpx.Client, sku: str) -> httpx.Response:
    return client.put(f"/v1/products/{sku}", json={"title": "Mug"})


def _read_until_answered(
    client: httpx.Client, asked: Sequence[Future[httpx.Response]]
) -> list[int]:
    """The statuses of reads, one after the other, for as long as a writer waits for its answer."""
    read = []
    while not all(each.done() for each in asked):
        for path in ("/healthz", "/readyz", "/v1/flags"):
            read.append(client.get(path, timeout=A_READ_SECONDS).status_code)
    return read


def _write(db: Database) -> None:
    with db.write():
        pass
