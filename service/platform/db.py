"""One database, SQLite (WAL) or PostgreSQL: transactions that write, and ones that only read.

On SQLite every writing transaction begins with `BEGIN IMMEDIATE` under one in-process lock: SQLAlchemy
drops `FOR UPDATE` there without a word, and eight threads fighting for the file's lock waited seven
times as long as eight that queue in the process. Whoever waits, waits so long and no longer; readers wait for no writer.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    Insert,
    MetaData,
    Row,
    Table,
    Update,
    bindparam,
    create_engine,
    event,
    make_url,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, InternalError
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.dml import ReturningInsert

from retour.errors import UserError

metadata = MetaData()

_TURN = text("select pg_advisory_xact_lock(:key)")
_PATIENCE_SECONDS = 30.0
_MOST_IN_LINE = 30
_A_CONNECTION_A_THREAD = {"pool_size": 10, "max_overflow": 35}  # an idle one beyond ten is closed
_READ_ONLY = "25006"
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_NO_ADDRESS = (  # the address itself may hold a password
    "RETOUR_DATABASE_URL is no address of a database that Retour can use; write "
    "postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:////PATH/FILE, or leave it empty for SQLite in RETOUR_VAR_DIR"
)


class DatabaseUnavailable(UserError):
    """The database cannot be opened; the message names it and the way out."""


class DatabaseBusy(DatabaseUnavailable):
    """Another has the writer's place for longer than whoever waits has patience."""

    def __init__(self) -> None:
        super().__init__("another process or request is writing; nothing was recorded, try again")


def take_turns(connection: Connection, key: int) -> None:
    """Wait until whoever took the same turn (a 64-bit number) ends its transaction. On SQLite all writers take turns."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TURN, {"key": key})


def insert_unless_known(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless its key is taken, waiting for whoever is taking it. Says whether the row is new."""
    made = connection.execute(_insert_unless_known(connection.dialect.name, table), row)
    return made.first() is not None


def insert_those_unknown(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]]
) -> Sequence[Row[Any]]:
    """As `insert_unless_known`, for at least one row and in their order. Returns the keys of those that are new."""
    return connection.execute(_insert_unless_known(connection.dialect.name, table), rows).all()


@cache
def _insert_unless_known(dialect: str, table: Table) -> ReturningInsert[Any]:
    made: ReturningInsert[Any] = (
        _insert(dialect, table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    )
    return made


def put_row(connection: Connection, table: Table, row: Mapping[str, object], key: str) -> None:
    """Insert a row. Where another has its value of the column `key`, that one takes over what this one tells."""
    connection.execute(_put_row(connection.dialect.name, table, tuple(row), key), dict(row))


@cache
def _put_row(dialect: str, table: Table, told: Sequence[str], key: str) -> Insert:
    insert = _insert(dialect, table)
    said = {name: insert.excluded[name] for name in told}
    made: Insert = insert.on_conflict_do_update(index_elements=[key], set_=said)
    return made


def _insert(dialect: str, table: Table) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


def change_row(
    connection: Connection, table: Table, key: str, values: Mapping[str, object]
) -> bool:
    """Change columns of the row with this key, in a table whose key is one column. Says whether there is such a row."""
    changed = connection.execute(_change_row(table), {"of_key": key, **values})
    return changed.rowcount > 0


@cache
def _change_row(table: Table) -> Update:
    (key,) = table.primary_key.columns
    return update(table).where(key == bindparam("of_key", type_=key.type))


def _address(url: str) -> URL:
    """The parsed address of a database that we can use. Raises `DatabaseUnavailable`."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as broken:
        raise DatabaseUnavailable(_NO_ADDRESS) from broken
    if parsed.drivername not in _DRIVERS:
        raise DatabaseUnavailable(_NO_ADDRESS)
    return parsed


class Database:
    """An engine with two kinds of transaction. Its error messages hide parameters: they may be personal.

    `durable=False` (simulations, imports into a fresh file) lets SQLite skip the wait for the disk at
    each commit: a process that dies loses nothing, a machine that loses power may lose the last commits.

    Whoever waits for another's lock, in this process or outside, or for a connection, waits `patience_seconds` for each.
    """

    patience_seconds = _PATIENCE_SECONDS

    def __init__(
        self, url: str, *, durable: bool = True, patience_seconds: float = _PATIENCE_SECONDS
    ) -> None:
        self.patience_seconds = patience_seconds
        self.url = _address(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.url.get_backend_name() == "postgresql" and self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self._file: _File | None = None
        self._writer = threading.BoundedSemaphore()
        self._line = threading.BoundedSemaphore(_MOST_IN_LINE)
        self._engine = self._sqlite_engine(durable) if self.is_sqlite else self._postgres_engine()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: commits at the end, rolls back on any error.

        Raises `DatabaseBusy` where others write for too long, `DatabaseUnavailable` where a fail-over made it read-only.
        """
        with self._turn(), _writable(), self._connect() as connection, connection.begin():
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A place among those that write or wait to; on SQLite the only one that writes."""
        with ExitStack() as held:
            _take(self._line, held, 0)
            if self.is_sqlite:
                _take(self._writer, held, self.patience_seconds)
            yield

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view on SQLite, statement by statement on PostgreSQL."""
        with self._connect() as connection, connection.begin():
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    def scrub(self) -> None:
        """Let nothing of what was deleted stay in SQLite's files. PostgreSQL does it by itself, in its own time."""
        if self.is_sqlite:
            with closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def dispose(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()

    def _connect(self) -> Connection:
        if self.is_sqlite and self.url.database:
            self._follow_file(self.url.database)
        return self._engine.connect()

    def _follow_file(self, path: str) -> None:
        """SQLite goes on writing to a file that was moved or removed: all of it would be lost without a word."""
        found = _file_at(path)
        if found is None and self._file is None:
            found = _made_file(path)
        if found == self._file:
            return
        self._engine.dispose()
        if found is None:
            raise DatabaseUnavailable(
                f"the database {path} is gone; put it back, or start again to begin with an empty one"
            )
        self._file = found

    def _sqlite_engine(self, durable: bool) -> Engine:
        if self.url.database:
            folder = Path(self.url.database).parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as refused:
                raise DatabaseUnavailable(
                    f"cannot make {folder}/ for the database ({refused.strerror}); "
                    "make it writable or point RETOUR_VAR_DIR elsewhere"
                ) from refused
        engine = create_engine(
            self.url,
            connect_args={"timeout": self.patience_seconds},
            hide_parameters=True,
            poolclass=QueuePool,
            **self._pool(),
        )

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _: Any) -> None:
            # We say BEGIN ourselves, in `write` and `read`: a listener to "begin" would slow every statement by a tenth.
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                f"synchronous={'FULL' if durable else 'NORMAL'}",
                "foreign_keys=ON",
                "temp_store=MEMORY",  # what a savepoint keeps is not worth a file
                "secure_delete=ON",  # what is erased is overwritten, not only unlinked
            ):
                connection.execute(f"PRAGMA {pragma}")

        return engine

    def _postgres_engine(self) -> Engine:
        engine = create_engine(self.url, hide_parameters=True, **self._pool())
        patience_ms = max(1, round(self.patience_seconds * 1000))

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _: Any) -> None:
            connection.execute(f"set lock_timeout = {patience_ms}")
            connection.commit()

        @event.listens_for(engine, "handle_error")
        def _leave(failure: ExceptionContext) -> None:
            # The address may lead to another server by now: all connections that there are count as lost.
            failure.is_disconnect |= _takes_no_writes(failure.original_exception)

        return engine

    def _pool(self) -> dict[str, Any]:
        """Wide enough that no reader waits for the connections of those that wait to write."""
        return {**_A_CONNECTION_A_THREAD, "pool_timeout": self.patience_seconds}


@contextmanager
def _writable() -> Iterator[None]:
    """Says of a server that takes no writes what it is: to SQLAlchemy it is an internal error."""
    try:
        yield
    except InternalError as refused:
        if not _takes_no_writes(refused.orig):
            raise
        raise DatabaseUnavailable(
            "the database takes no writes (it is a standby, or set to read-only); "
            "let RETOUR_DATABASE_URL lead to the server that does"
        ) from refused


def _takes_no_writes(error: BaseException | None) -> bool:
    return getattr(error, "sqlstate", None) == _READ_ONLY


def _take(places: threading.BoundedSemaphore, held: ExitStack, patience_seconds: float) -> None:
    """Take a place, to be given back with the others that are held. Raises `DatabaseBusy`."""
    if not places.acquire(timeout=patience_seconds):
        raise DatabaseBusy
    held.callback(places.release)


_File = tuple[int, int]


def _file_at(path: str) -> _File | None:
    """Which file is there now: its device and inode."""
    try:
        status = os.stat(path)  # noqa: PTH116  # for each transaction: a `Path` costs as much again
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _made_file(path: str) -> _File | None:
    """An empty file that its owner alone may read: addresses and customers' words stand in it. None where none can be made.

    SQLite gives the files that it keeps beside it the same rights.
    """
    with suppress(OSError):
        Path(path).touch(mode=0o600)
    return _file_at(path)


class OpenTransaction(Database):
    """A database whose every transaction joins one that is open already: many commands, all of them or none.

    A command that fails leaves nothing behind there either: its savepoint is rolled back. The driver is told straight:
    SQLAlchemy's nested transaction costs as much as three statements.
    """

    def __init__(self, database: Database, connection: Connection) -> None:
        self.url = database.url
        self.is_sqlite = database.is_sqlite
        self._connection = connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        driver = self._connection.connection.cursor()
        driver.execute("SAVEPOINT command")
        try:
            yield self._connection
        except BaseException:
            driver.execute("ROLLBACK TO SAVEPOINT command")
            raise
        finally:
            driver.execute("RELEASE SAVEPOINT command")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self._connection

    def scrub(self) -> None:
        """The database does it, once what was deleted is committed."""

    def dispose(self) -> None:
        """The database closes its own connections."""
