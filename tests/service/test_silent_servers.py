"""A mail server that takes the connection and says nothing keeps letters waiting, and nothing else."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from house import House
from rivals import SECRET
from served import RETOUR
from workers import put

from service.letters.post import MAIL
from service.platform.jobs import Job


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_else_is_due_is_done_while_a_letter_waits_for_a_silent_server(
    house: House, database_url: str, tmp_path: Path
) -> None:
    house.begin(email="anna@example.org")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        with _working(database_url, tmp_path, f"smtp://127.0.0.1:{silent.getsockname()[1]}"):
            letter, _ = silent.accept()
            with closing(letter):
                put(house.retour, Job("of another version", "R1", house.clock.now()))
                _wait_until_parked(house)
                (in_hand,) = (each for each in house.retour.jobs.entries() if each.in_hand_until)

    assert (in_hand.kind, in_hand.attempts, in_hand.last_error) == (MAIL, 1, None)


@contextmanager
def _working(database_url: str, folder: Path, mail_url: str) -> Iterator[None]:
    environment = {
        **os.environ,
        "RETOUR_VAR_DIR": str(folder / "var"),
        "RETOUR_DATABASE_URL": database_url,
        "RETOUR_SECRET_KEY": SECRET.decode(),
        "RETOUR_SMTP_URL": mail_url,
        "RETOUR_MAIL_FROM": "returns@teehaus.example",
    }
    worker = subprocess.Popen([RETOUR, "worker"], env=environment)
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


def _wait_until_parked(house: House) -> None:
    until = time.monotonic() + 60
    while not house.retour.jobs.entries(only_parked=True):
        assert time.monotonic() < until
        time.sleep(0.05)
