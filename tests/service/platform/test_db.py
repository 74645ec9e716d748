"""A SQLite file that is moved, replaced or put back while the service has it open."""

import os
import stat
from pathlib import Path

import pytest
from service_shop import Shop

from service.platform import migrate
from service.platform.db import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def file(db: Database) -> Path:
    return Path(str(db.url.database))


class TestFile:
    def test_nothing_is_written_to_a_file_that_was_moved_away(
        self, shop: Shop, file: Path, tmp_path: Path
    ) -> None:
        shop.put_order("A-1")
        file.rename(tmp_path / "elsewhere.db")

        answer = shop.put_order("A-2")

        assert answer.status_code == 503
        assert not file.exists()

    def test_it_goes_on_once_the_file_is_put_back(
        self, shop: Shop, file: Path, tmp_path: Path
    ) -> None:
        shop.put_order("A-1")
        file.rename(tmp_path / "elsewhere.db")
        shop.put_order("A-2")
        (tmp_path / "elsewhere.db").rename(file)

        assert shop.put_order("A-2").status_code == 201
        assert shop.types() == ["order.placed", "order.placed"]

    def test_only_its_owner_may_read_what_customers_wrote(self, file: Path) -> None:
        folder = file.with_name("new")
        database = Database(f"sqlite:///{folder / 'retour.db'}")
        before = os.umask(0o022)
        try:
            migrate.upgrade(database)
            files = list(folder.iterdir())
        finally:
            os.umask(before)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}
        database.dispose()

        assert {"retour.db", "retour.db-wal"} <= set(modes)
        assert set(modes.values()) == {0o600}

    def test_a_file_in_its_place_is_followed(self, shop: Shop, file: Path) -> None:
        shop.put_order("A-1")
        for path in file.parent.glob(f"{file.name}*"):
            path.unlink()
        migrate.upgrade(Database(f"sqlite:///{file}"))

        assert shop.put_order("A-1").status_code == 401  # nor is the key known there
