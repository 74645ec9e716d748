"""Bring the database to this version's tables. Processes that start together take turns."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from service.platform.db import Database, DatabaseUnavailable

_MIGRATION_LOCK = 0x4D494752  # "MIGR"


def upgrade(db: Database) -> None:
    """Run the migrations that this database has not seen. Raises `DatabaseUnavailable` on a newer database."""
    config = Config()
    config.set_main_option("script_location", str(files("service") / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    with db.write() as connection:
        if not db.is_sqlite:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return
        if current and current not in {script.revision for script in scripts.walk_revisions()}:
            raise DatabaseUnavailable(
                f"the database {db.url.render_as_string()} was made by a newer Retour "
                f"(revision {current}); upgrade this installation"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
