"""The service on both databases, with time and identifiers in the test's hand."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from house import House
from migrated import open_migrated
from policy_with import ALL_PASSES, policy_with
from real_postgres import fresh_database, lent_database, postgres_server
from service_shop import Shop

from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import VirtualClock
from service.platform.db import Database
from service.platform.ids import SystemIds

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, on each engine in turn; with the tables where a test asks for the `db` there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'retour.db'}"
        return
    server = request.getfixturevalue("postgres")
    if "db" in request.fixturenames:
        with lent_database(server) as url:
            yield url
    else:
        yield fresh_database(server)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = open_migrated(database_url)
    yield database
    database.dispose()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture
def retour(db: Database, clock: VirtualClock) -> Retour:
    return Retour(
        db, policy_with(ALL_PASSES), RulesOnly(), clock, SystemIds(), secret=b"a test's secret"
    )


@pytest.fixture
def shop(retour: Retour, clock: VirtualClock) -> Iterator[Shop]:
    with Shop(retour, clock) as shop:
        yield shop


@pytest.fixture
def house(retour: Retour, clock: VirtualClock) -> Iterator[House]:
    with House(retour, clock) as house:
        yield house
