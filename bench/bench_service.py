"""The service: its requests against one row through the same stack, its start and memory, its statements."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median

from bench.figures import Figure, print_figures
from bench.service_load import (
    Client,
    application,
    deliver_orders,
    free_port,
    in_turns,
    milliseconds,
    p99,
    resident_mib,
    served,
)
from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform import migrate
from service.platform.clock import VirtualClock
from service.platform.db import Database
from service.platform.ids import SystemIds

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

_ROUNDS = 5  # of several clients
_WARM = 20  # requests of each kind that are not measured: the first ones compile their statements
_ALONE = 300  # requests of each kind by one client
_CLIENTS = 8
_TOGETHER = 40  # requests of each of them, a round
_STARTS = 7
_REQUESTS = 500  # after which memory is read once more

_TWIN = (sys.executable, "-m", "bench.service_twin")
_RETOUR = (str(Path(sys.executable).with_name("retour")), "serve")
# The least that FastAPI and SQLAlchemy need to answer: one route, one table, one engine.
_BARE_APP = """
import os, uvicorn
from fastapi import FastAPI
from sqlalchemy import Column, MetaData, Table, Text, create_engine
metadata = MetaData()
Table("rows", metadata, Column("row_id", Text, primary_key=True))
engine = create_engine(f"sqlite:///{os.environ['RETOUR_VAR_DIR']}/bare.db")
metadata.create_all(engine)
app = FastAPI()
@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok"}
uvicorn.run(app, port=int(os.environ["RETOUR_SERVICE_PORT"]), log_level="warning")
"""
_BARE = (sys.executable, "-c", _BARE_APP)


@dataclass(slots=True)
class Shop:
    """What the measured requests are about: number by number an order, the return that comes of it, and a row."""

    fresh: Iterator[int] = field(default_factory=count)
    made: dict[int, tuple[str, str]] = field(default_factory=dict)

    def numbers(self, many: int) -> list[int]:
        return [next(self.fresh) for _ in range(many)]

    def apply(self, client: Client, number: int) -> None:
        told = client.ask("POST", "/v1/returns", application(number))
        self.made[number] = told["rma"], told["customer_token"]

    def show(self, client: Client, number: int) -> None:
        rma, token = self.made[number]
        client.ask("GET", f"/v1/returns/{rma}", **{"Retour-Customer": token})

    def insert(self, client: Client, number: int) -> None:
        client.ask("POST", "/bench/rows", {"row_id": f"row-{number}", "note": "one row"})

    def read(self, client: Client, number: int) -> None:
        client.ask("GET", f"/bench/rows/row-{number}")


def run() -> list[Figure]:
    """Both databases, then start, memory and statements on SQLite."""
    with _sqlite() as settings:
        figures = _requests("SQLite", settings)
    with _postgresql() as settings:
        figures += _requests("PostgreSQL, no fsync", settings)
    return [*figures, *_start(), *_memory(), *_statements()]


def _requests(name: str, settings: Settings) -> list[Figure]:
    key, shop = _filled(settings, _WARM + _ALONE + 2 * _ROUNDS * _CLIENTS * _TOGETHER), Shop()
    asks = (shop.apply, shop.insert, shop.show, shop.read)
    with served(_TWIN, settings):
        port = settings.service_port
        in_turns(port, key, asks, shop.numbers(_WARM))
        alone = in_turns(port, key, asks, shop.numbers(_ALONE))
        together = [_together(port, key, shop) for _ in range(_ROUNDS)]
    post, row, get, read = (median(each) for each in alone)
    post_99 = median(ours for ours, _ in together)
    return [
        Figure(f"{name}: POST /v1/returns, one client, p50", post, "ms"),
        Figure(f"{name}: … ÷ a one-row insert", post / row, "×", "≤ 4 ×"),
        Figure(f"{name}: GET /v1/returns/{{rma}}, one client, p50", get, "ms"),
        Figure(f"{name}: … ÷ a one-row read", get / read, "×", "≤ 1.5 ×"),
        Figure(f"{name}: POST /v1/returns, eight clients, p99", post_99, "ms"),
        Figure(f"{name}: … ÷ a one-row insert", _ratio(together), "×", "≤ 2 ×"),
    ]


def _together(port: int, key: str, shop: Shop) -> tuple[float, float]:
    """The ninety-ninth percentiles of eight clients at once: an application, a row's insert."""
    each = _CLIENTS * _TOGETHER
    row = milliseconds(port, key, shop.insert, shop.numbers(each), _CLIENTS)
    post = milliseconds(port, key, shop.apply, shop.numbers(each), _CLIENTS)
    return p99(post), p99(row)


def _start() -> list[Figure]:
    """Taken in turns, on databases that are there already."""
    with _sqlite() as settings:
        _filled(settings, 0)
        pairs = [(_seconds(_RETOUR, settings), _seconds(_BARE, settings)) for _ in range(_STARTS)]
    ours = median(each for each, _ in pairs)
    return [
        Figure("start: until `retour serve` answers", ours, "s"),
        Figure("start: … ÷ bare FastAPI + SQLAlchemy", _ratio(pairs), "×", "≤ 2 ×"),
    ]


def _seconds(words: Sequence[str], settings: Settings) -> float:
    with served(words, settings) as (_, seconds):
        return seconds


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """The median of what was measured one right after the other: a busy moment slows both."""
    return median(ours / baseline for ours, baseline in pairs)


def _memory() -> list[Figure]:
    with _sqlite() as settings:
        key, shop = _filled(settings, _REQUESTS // 2), Shop()
        numbers = range(_REQUESTS // 2)
        with served(_RETOUR, settings) as (process, _):
            at_first = resident_mib(process)
            milliseconds(settings.service_port, key, shop.apply, numbers, _CLIENTS)
            milliseconds(settings.service_port, key, shop.show, numbers, _CLIENTS)
            after = resident_mib(process)
    return [
        Figure("memory: resident after the start", at_first, "MiB", "≤ 150 MiB"),
        Figure(f"memory: … after {_REQUESTS} requests", after, "MiB", "≤ 150 MiB"),
    ]


def _statements() -> list[Figure]:
    """Of the same requests as the tests count, those of authentication included."""
    from counted_story import count_statements  # type: ignore[import-not-found]
    from house import House  # type: ignore[import-not-found]
    from policy_with import policy_with  # type: ignore[import-not-found]

    policy, clock = policy_with({"audit.bootstrap_share": 0.0}), VirtualClock(datetime.now(UTC))
    with _sqlite() as settings:
        db = Database(settings.database)
        migrate.upgrade(db)
        retour = Retour(db, policy, RulesOnly(), clock, SystemIds(), secret=b"the bench's secret")
        with House(retour, clock) as house:
            count_statements(house, "first@example.com", "first")  # what is made once is there then
            counted = count_statements(house, "second@example.com", "second")
        db.dispose()
    return [Figure(f"statements: {request}", sent, "") for request, sent in counted.items()]


@contextmanager
def _sqlite() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as folder:
        yield Settings(var_dir=Path(folder), database_url="", service_port=free_port())


@contextmanager
def _postgresql() -> Iterator[Settings]:
    from real_postgres import fresh_database, postgres_server  # type: ignore[import-not-found]

    with postgres_server() as server, _sqlite() as settings:
        yield settings.model_copy(update={"database_url": fresh_database(server)})


def _filled(settings: Settings, orders: int) -> str:
    """This many delivered orders; the key of a shop's app."""
    retour = open_retour(settings)
    deliver_orders(retour, orders)
    key = retour.keys.create("storefront", "bench")
    retour.context.db.dispose()
    return key


if __name__ == "__main__":
    print_figures(__doc__ or "", run())
