"""Puts the application together from settings: the one place where the real clock, ids and database are chosen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import DatabaseError

from retour.settings import Settings
from service.application import Retour
from service.domain.policy import Policy
from service.domain.risk import RulesOnly
from service.platform import migrate
from service.platform.clock import SystemClock, VirtualClock
from service.platform.db import Database, DatabaseUnavailable, OpenTransaction
from service.platform.ids import SeededIds, SystemIds


def open_retour(settings: Settings) -> Retour:
    """The application on this installation's database, brought to this version's tables."""
    db = _database(settings)
    return Retour(db, Policy(), RulesOnly(), SystemClock(), SystemIds(), secret=settings.secret())


@contextmanager
def open_practice(
    settings: Settings, start: datetime, seed: int
) -> Iterator[tuple[Retour, VirtualClock]]:
    """The application in virtual time from `start`, with identifiers that follow from `seed`; all it appends is simulated.

    What is played commits at the end of the block: all of it, or nothing.
    """
    db, clock, ids = _database(settings), VirtualClock(start), SeededIds(seed)
    with db.write() as connection:
        joined = OpenTransaction(db, connection)
        secret = settings.secret()
        yield (
            Retour(joined, Policy(), RulesOnly(), clock, ids, secret=secret, origin="simulated"),
            clock,
        )


def _database(settings: Settings) -> Database:
    db = Database(settings.database)
    try:
        migrate.upgrade(db)
    except DatabaseError as refused:
        reason = str(refused.orig).strip().splitlines()[0]
        raise DatabaseUnavailable(
            f"cannot use the database {db.url.render_as_string()} ({reason}); "
            "start it, make its folder writable, move away a file that is no database, or set RETOUR_DATABASE_URL"
        ) from refused
    return db
