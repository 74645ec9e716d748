"""An open warehouse's connection and what is remembered of its relations; whatever is done in a transaction holds whole or not at all."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from pipelines.warehouse.catalogue import Catalogue
from pipelines.warehouse.changes import Changes
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.opening import full_disk_told
from retour.errors import UserError

_progress = logging.getLogger("retour.progress")
_T = TypeVar("_T")
_PLANNERS_FAULT = "BindBuiltinScalarFunction did not return"  # DuckDB 2.0.0, for some rows


class BuildFailed(UserError):
    """A relation could not be built; the message names its file and DuckDB's reason."""


class Session:
    """What is done in the file at `path`, for as long as its lock is held."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path, self.connection = path, connection
        self.catalogue = Catalogue(connection)
        self.changes = Changes(connection, self.catalogue)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Around work that holds whole, with what was noted of it, or leaves all as it was. Raises `WarehouseUnwritable`."""
        with full_disk_told(self.path):
            self.connection.execute("begin")
            try:
                yield
                self.catalogue.write()
                self.connection.execute("commit")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Let all be as it was. A full disk may have ended the transaction already, or the connection with it."""
        with suppress(duckdb.TransactionException, duckdb.FatalException):
            self.connection.execute("rollback")
        with suppress(duckdb.FatalException):
            self.catalogue.reload()

    @contextmanager
    def making(self, model: SqlModel) -> Iterator[None]:
        """A transaction that makes a relation. Raises `BuildFailed` with its file."""
        _progress.debug("building %s", model.relation)
        try:
            with self.transaction():
                yield
        except duckdb.Error as refused:
            raise BuildFailed(f"{model.path}: {refused}") from refused

    @contextmanager
    def computed(self, relation: str, rows: object) -> Iterator[None]:
        """A transaction that makes a relation of the rows that Python computed, read as `computed_rows`. Raises `BuildFailed`."""
        self.connection.register("computed_rows", rows)
        try:
            with self.transaction():
                yield
        except duckdb.Error as refused:
            raise BuildFailed(f"{relation}: {refused}") from refused
        finally:
            self.connection.unregister("computed_rows")

    def planned_somehow(self, work: Callable[[], _T]) -> _T:
        """Work, once more without the help of statistics where DuckDB trips over them: the rows are the same either way."""
        try:
            return work()
        except (BuildFailed, duckdb.Error) as refused:
            if _PLANNERS_FAULT not in str(refused):
                raise
            _progress.debug("planning without statistics, over which DuckDB tripped: %s", refused)
        self.connection.execute("set disabled_optimizers = 'statistics_propagation'")
        try:
            return work()
        finally:
            self.connection.execute("reset disabled_optimizers")

    def write_down(self) -> None:
        """Note for good of which relations it was found that nothing was to be done."""
        if self.catalogue.has_unwritten:
            with self.transaction():
                pass
