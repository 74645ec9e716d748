"""A shop whose returns are played over HTTP, and the relations made of its log."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from house import House
from migrated import open_migrated
from policy_with import ALL_PASSES, policy_with
from quarter import Quarter, quarter

from pipelines.steps import SQL_DIR, build, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation that all tests of a module share."""
    path: Path = tmp_path_factory.mktemp("shop")
    return Settings(var_dir=path / "var", warehouse=path / "warehouse.duckdb")


@pytest.fixture(scope="module")
def house(folder: Settings) -> Iterator[House]:
    db, clock = open_migrated(folder.database), VirtualClock(NOON)
    retour = Retour(
        db, policy_with(ALL_PASSES), RulesOnly(), clock, SystemIds(), secret=b"a test's secret"
    )
    with House(retour, clock) as house:
        yield house
    db.dispose()


@pytest.fixture(scope="module")
def refreshed(refreshed_log: Callable[[Retour], Ask], house: House) -> Callable[[], Ask]:
    """Brings every relation up to date with what happened in the house; the answer asks them."""
    return lambda: refreshed_log(house.retour)


@pytest.fixture(scope="module")
def refreshed_log(folder: Settings) -> Callable[[Retour], Ask]:
    """Brings every relation up to date with an application's log; the answer asks them."""

    def refresh(retour: Retour) -> Ask:
        with Warehouse.of(folder) as warehouse:
            report = take_in(folder, retour, warehouse)
            assert report.quarantined_in_all == 0
            build(warehouse, retour, load_models(SQL_DIR))

        return _asking(folder)

    return refresh


@pytest.fixture(scope="session")
def played() -> Quarter:
    """A quarter of a practice shop, and the warehouse made of its log."""
    return quarter()


@pytest.fixture
def ask(played: Quarter) -> Ask:
    """Asks the quarter's warehouse; modules with a shop of their own have one of their own."""
    return _asking(played.settings)


def _asking(settings: Settings) -> Ask:
    def ask(sql: str) -> Rows:
        with Warehouse.of(settings) as warehouse:
            return warehouse.query(sql).to_dicts()

    return ask
