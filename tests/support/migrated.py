"""Databases that have this version's tables already: migrated once a process and copied, which is much quicker."""

import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from service.platform import migrate
from service.platform.db import Database


def open_migrated(url: str) -> Database:
    """The database at this address with this version's tables; a SQLite file that is missing is made.

    Commits do not wait for the disk: nothing here outlives the machine.
    """
    file = make_url(url).database
    if url.startswith("sqlite") and file and not Path(file).exists():
        migrated_file(Path(file))
    database = Database(url, durable=False)
    migrate.upgrade(database)
    return database


def migrated_file(file: Path) -> Path:
    """An empty shop's SQLite database in this file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_empty_shop())
    return file


def upgrade_to(database: Database, revision: str) -> None:
    """Bring an empty database to the tables of an older version."""
    config = Config()
    config.set_main_option("script_location", str(files("service") / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@cache
def _empty_shop() -> bytes:
    with tempfile.TemporaryDirectory(prefix="retour-migrated-") as folder:
        file = Path(folder) / "retour.db"
        database = Database(f"sqlite:///{file}")
        migrate.upgrade(database)
        database.scrub()
        database.dispose()
        return file.read_bytes()
