"""The service and the worker as real processes, each on an installation of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from retour.settings import Settings

RETOUR = str(Path(sys.executable).with_name("retour"))
NOTED = "imports.txt"
_PATIENCE_SECONDS = 60


def installation(folder: Path) -> Settings:
    """One of its own on SQLite, with a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Settings(var_dir=folder, database_url="", service_port=port)


@contextmanager
def running(settings: Settings, part: str) -> Iterator[subprocess.Popen[bytes]]:
    """`retour serve` or `retour worker`; Python notes each module that it imports."""
    environment = {
        **os.environ,
        "RETOUR_VAR_DIR": str(settings.var_dir),
        "RETOUR_DATABASE_URL": "",
        "RETOUR_SERVICE_PORT": str(settings.service_port),
        "PYTHONPROFILEIMPORTTIME": "1",
    }
    with (settings.var_dir / NOTED).open("w") as noted:
        process = subprocess.Popen(
            [RETOUR, part], env=environment, stdout=subprocess.DEVNULL, stderr=noted
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_PATIENCE_SECONDS)


def until(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Ask again and again, as long as the process lives."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{settings.service_port}/healthz").is_success
    except httpx.TransportError:
        return False


def resident(process: subprocess.Popen[bytes]) -> int:
    """Its resident memory, in kilobytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith("VmRSS:")]
    return int(line.split()[1])
