"""The service is light: what its real processes load, and how much memory they hold."""

from dataclasses import dataclass

import httpx
import pytest
from risk_shelf import promote, put_large_model
from served import NOTED, answers, installation, resident, running, until
from service_shop import ORDER, PARCEL

from retour.assembly import open_retour
from retour.settings import Settings

# The top-level modules of what belongs to pipeline, models and dashboards; ADBC's drivers are several.
HEAVY = ("dagster", "pandas", "great_expectations", "streamlit", "sklearn", "polars", "duckdb", "pyarrow", "adbc")  # fmt: skip
LEAST_RESIDENT_KB, MOST_RESIDENT_KB = 20_000, 150_000


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
    """`retour serve` with a large model, after it was asked for everything."""
    settings = installation(tmp_path_factory.mktemp("server"))
    promote(settings.risk_dir, put_large_model(settings.risk_dir))
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
    lines = (settings.var_dir / NOTED).read_text().splitlines()
    names = [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")]
    return {name.partition(".")[0] for name in names}
