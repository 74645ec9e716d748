"""Bring the database to this version's tables. Processes that start together take turns.

Alembic is loaded only where there is something to do: that takes a tenth of the time of a start.
"""

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from service.platform.db import Database, DatabaseUnavailable, take_turns

_MIGRATION_LOCK = 0x4D494752  # "MIGR"
_MIGRATIONS = files("service") / "migrations"


def upgrade(db: Database) -> None:
    """Run the migrations that this database has not seen. Raises `DatabaseUnavailable` on a newer database."""
    revisions = _revisions()
    with db.read() as connection:  # a start need not wait for whoever writes
        if _revision_of(connection) == revisions[-1]:
            return
    with db.write() as connection:
        take_turns(connection, _MIGRATION_LOCK)
        current = _revision_of(connection)
        if current == revisions[-1]:
            return
        if current and current not in revisions:
            raise DatabaseUnavailable(
                f"the database {db.url.render_as_string()} was made by a newer Retour "
                f"(revision {current}); upgrade this installation"
            )
        _run(connection)


def _revisions() -> list[str]:
    """This version's revisions, oldest first: each file's name begins with its own."""
    names = [file.name for file in (_MIGRATIONS / "versions").iterdir()]
    return sorted(name.partition("_")[0] for name in names if name[0].isdigit())


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("select version_num from alembic_version"))
    revision: str | None = found.scalar_one_or_none()
    return revision


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
