"""A shop to import into, and tables to import."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from migrated import open_migrated
from sqlalchemy import text

from retour.importers.history import read_history
from retour.importers.online_retail import read_online_retail
from retour.importers.run import run_import
from retour.settings import Settings
from service.application import Retour
from service.domain.events import RecordedEvent
from service.domain.risk import RulesOnly
from service.platform.clock import VirtualClock
from service.platform.ids import SeededIds
from service.policies import default_policy


@dataclass(frozen=True)
class Shop:
    """One installation whose tokens and clock repeat."""

    settings: Settings
    retour: Retour

    def import_online_retail(self, file: Path) -> None:
        run_import(
            self.settings, self.retour, lambda con, now: read_online_retail(con, file, now=now)
        )

    def import_history(self, orders: Path, returns: Path, **options: str) -> None:
        chosen = {"timezone": "", "currency": "", "encoding": "", **options}
        run_import(
            self.settings,
            self.retour,
            lambda con, now: read_history(
                con,
                orders,
                returns,
                timezone=chosen["timezone"],
                currency=chosen["currency"],
                encoding=chosen["encoding"],
                now=now,
            ),
        )

    def log(self) -> Sequence[RecordedEvent]:
        return self.retour.read_log(0, 10_000_000)

    def data(self, type_: str) -> list[dict[str, object]]:
        """The payloads of one type, in the log's order."""
        return [json.loads(each.data) for each in self.log() if each.type == type_]

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with self.retour.context.db.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]


@pytest.fixture
def open_shop(tmp_path: Path) -> Callable[[str], Shop]:
    """Opens a shop in a folder of its own."""

    def _open(name: str) -> Shop:
        settings = Settings(var_dir=tmp_path / name)
        db = open_migrated(settings.database)
        clock = VirtualClock(datetime(2025, 1, 1, tzinfo=UTC))
        return Shop(
            settings, Retour(db, default_policy(), RulesOnly(), clock, SeededIds(1), secret=b"test")
        )

    return _open


@pytest.fixture
def shop(open_shop: Callable[[str], Shop]) -> Shop:
    return open_shop("var")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes lines into a file and gives its path."""

    def _write(name: str, *lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding=encoding)
        return path

    return _write
