"""The service is light: what its real processes load, and how much memory they hold."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from service_shop import ORDER, PARCEL

from retour.assembly import open_retour
from retour.settings import Settings

RETOUR = str(Path(sys.executable).with_name("retour"))
# The top-level modules of what belongs to pipeline, models and dashboards; ADBC's drivers are several.
HEAVY = ("dagster", "pandas", "great_expectations", "streamlit", "sklearn", "polars", "duckdb", "pyarrow", "adbc")  # fmt: skip
LEAST_RESIDENT_KB, MOST_RESIDENT_KB = 20_000, 150_000
_NOTED = "imports.txt"
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Loaded:
    """What a process had loaded and held: top-level modules, and kilobytes."""

    modules: set[str]
    resident_kb: int

    @property
    def heavy(self) -> set[str]:
        return {name for name in self.modules if name.startswith(HEAVY)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """`retour serve`, after it was asked for everything."""
    settings = installation(tmp_path_factory.mktemp("server"))
    with running(settings, "serve") as process:
        until(lambda: answers(settings), process)
        ask_for_everything(settings)
        resident_kb = resident(process)
    return Loaded(loaded_modules(settings), resident_kb)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """`retour worker`, after it planned its own housekeeping."""
    settings = installation(tmp_path_factory.mktemp("worker"))
    retour = open_retour(settings)
    with running(settings, "worker") as process:
        until(lambda: bool(retour.jobs.entries()), process)
        resident_kb = resident(process)
    retour.context.db.dispose()
    return Loaded(loaded_modules(settings), resident_kb)


class TestServer:
    def test_it_loads_nothing_heavy(self, server: Loaded) -> None:
        assert {"fastapi", "uvicorn", "service"} <= server.modules
        assert server.heavy == set()

    def test_it_holds_no_more_than_150_megabytes(self, server: Loaded) -> None:
        assert LEAST_RESIDENT_KB < server.resident_kb <= MOST_RESIDENT_KB


class TestWorker:
    def test_it_loads_nothing_heavy(self, worker: Loaded) -> None:
        assert {"sqlalchemy", "smtplib", "service"} <= worker.modules
        assert worker.heavy == set()

    def test_it_loads_no_migrations_for_a_database_that_has_seen_them(self, worker: Loaded) -> None:
        assert "alembic" not in worker.modules

    def test_it_holds_no_more_than_150_megabytes(self, worker: Loaded) -> None:
        assert LEAST_RESIDENT_KB < worker.resident_kb <= MOST_RESIDENT_KB


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
    with (settings.var_dir / _NOTED).open("w") as noted:
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


def ask_for_everything(settings: Settings) -> None:
    """An order, a return of each of its units, what they look like, and the whole description."""
    retour = open_retour(settings)
    shop = {"Authorization": f"Bearer {retour.keys.create('shop', 'test')}"}
    app = {"Authorization": f"Bearer {retour.keys.create('storefront', 'test')}"}
    retour.context.db.dispose()
    line = {"line_no": 1, "quantity": 1, "reason": "defect"}
    body = {"order_id": "A-1", "customer": ORDER["customer"], "lines": [line]}
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.service_port}") as client:
        client.put("/v1/orders/A-1", json=ORDER, headers=shop).raise_for_status()
        client.put("/v1/orders/A-1/deliveries/1", json=PARCEL, headers=shop).raise_for_status()
        for _ in range(3):
            made = client.post("/v1/returns", json=body, headers=app).raise_for_status()
            told = {**app, "Retour-Customer": made.json()["customer_token"]}
            client.get(made.headers["location"], headers=told).raise_for_status()
        client.get("/openapi.json").raise_for_status()
        client.get("/docs").raise_for_status()


def loaded_modules(settings: Settings) -> set[str]:
    """The top-level modules that `-X importtime` noted, in lines such as `import time: 12 | 34 | a.b`."""
    lines = (settings.var_dir / _NOTED).read_text().splitlines()
    names = [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")]
    return {name.partition(".")[0] for name in names}


def resident(process: subprocess.Popen[bytes]) -> int:
    """Its resident memory, in kilobytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith("VmRSS:")]
    return int(line.split()[1])
