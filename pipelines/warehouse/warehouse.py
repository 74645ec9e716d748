"""`Warehouse`: holds the lock and the connection, shows the lake, and builds relations that are not as they should be.

A relation's fingerprint is its SQL and the fingerprints of all that it reads, so what is unchanged is not built again.
A table is replaced in one transaction together with its fingerprint: a killed run leaves either the old or the new.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import duckdb
import polars as pl

from pipelines.costs import Costs, cost_rates, costs_in_force, default_costs
from pipelines.lake.manifest import Manifest
from pipelines.warehouse.catalogue import Built, Catalogue, Kind
from pipelines.warehouse.lake_views import (
    Run,
    create_views,
    digest,
    read_run,
    stored_run,
    table_fingerprints,
    write_rates,
    write_run,
)
from pipelines.warehouse.lock import WAIT_SECONDS, Say, warehouse_lock
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.opening import (
    derived_again,
    first_row,
    open_warehouse,
    refuse_foreign,
)
from retour.errors import UserError
from retour.settings import Settings

_progress = logging.getLogger("retour.progress")
_LAKE = "lake"
_RATES = "meta.cost_rates"
_NOT_PORTABLE = ("HUGEINT", "UHUGEINT", "INTERVAL", "ENUM")


class BuildFailed(UserError):
    """A relation could not be built; the message names its file and DuckDB's reason."""


class Warehouse:
    """The warehouse of an installation. Use it with `with`: the lock is held from `__enter__` to `__exit__`."""

    def __init__(
        self,
        path: Path,
        lake_dir: Path,
        timezone: str = "",
        *,
        costs: Costs | None = None,
        say: Say = print,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self.path = path
        self.lake_dir = lake_dir
        self._timezone = timezone
        self._rates = cost_rates(costs or default_costs())
        self._say = say
        self._wait_seconds = wait_seconds
        self._exit = ExitStack()

    @classmethod
    def of(cls, settings: Settings, *, say: Say = print) -> Self:
        """The warehouse that the settings name. Raises `BadCosts`."""
        return cls(
            settings.warehouse,
            settings.lake_dir,
            settings.timezone,
            costs=costs_in_force(settings),
            say=say,
        )

    def __enter__(self) -> Self:
        refuse_foreign(self.path)  # before a lock file is laid beside it
        with ExitStack() as stack:
            stack.enter_context(
                warehouse_lock(self.path, self._say, wait_seconds=self._wait_seconds)
            )
            self._connection = open_warehouse(self.path, self._say)
            stack.callback(self._connection.close)
            with derived_again(self.path):
                self._catalogue = Catalogue(self._connection)
                self._show_rates()
                self.attach_lake()
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def attach_lake(self) -> Run:
        """Show the lake as its manifest now says. Called on entering, and again after the log was drained."""
        manifest = Manifest.load(self.lake_dir)
        tables = table_fingerprints(manifest)
        state = digest(
            str(self.lake_dir.resolve()),
            str(manifest.through_seq),
            self._timezone,
            *tables.values(),
            *(segment.path for segment in manifest.segments),
        )
        if self._catalogue.fingerprint(_LAKE) != state:
            try:
                self._show_lake(manifest, tables, state)
            except duckdb.Error:
                manifest.verify()  # a damaged segment is told by its name
                raise
        self._run = stored_run(self._connection)
        self._zone = digest(
            str(self._connection.execute("select * from meta.zone_offsets").fetchall())
        )
        return self._run

    def _show_lake(self, manifest: Manifest, tables: Mapping[str, str], state: str) -> None:
        with self._transaction():
            create_views(self._connection, manifest)
            write_run(
                self._connection,
                *read_run(self._connection, manifest.through_seq, self._timezone),
            )
            for relation, fingerprint in tables.items():
                self._catalogue.record(relation, fingerprint, 0, "view")
            self._catalogue.record(_LAKE, state, 0)

    def _show_rates(self) -> None:
        state = digest(str(self._rates))
        if self._catalogue.fingerprint(_RATES) != state:
            with self._transaction():
                write_rates(self._connection, self._rates)
                self._catalogue.record(_RATES, state, len(self._rates))

    @property
    def run(self) -> Run:
        """What this run is computed for."""
        return self._run

    def build(self, model: SqlModel) -> Built:
        """Make a SQL relation, unless it stands already as it would be made. Raises `BuildFailed`."""
        if model.is_python:
            raise ValueError(f"{model.relation} is built by Python; hand its rows to `replace`")
        fingerprint = self.fingerprint(model, model.header.refresh, model.sql)
        if standing := self.current(model.relation, fingerprint):
            return standing
        _progress.debug("building %s", model.relation)
        kind: Kind = "view" if model.header.refresh == "view" else "table"
        try:
            with self._transaction():
                return self._make(model.relation, kind, model.sql, fingerprint, model)
        except duckdb.Error as refused:
            raise BuildFailed(f"{model.path}: {refused}") from refused

    def replace(self, relation: str, frame: pl.DataFrame, fingerprint: str) -> Built:
        """Make a relation of the rows that Python computed, under the fingerprint of what they were computed from."""
        self._connection.register("computed_rows", frame)
        try:
            with self._transaction():
                return self._make(relation, "table", "select * from computed_rows", fingerprint)
        except duckdb.Error as refused:
            raise BuildFailed(f"{relation}: {refused}") from refused
        finally:
            self._connection.unregister("computed_rows")

    def fingerprint(self, model: SqlModel, *own: str) -> str:
        """What a relation would be made from: all that it reads, and what is its own (SQL, a detector's version)."""
        read = [f"{dep}={self._fingerprint_of(dep, model)}" for dep in model.deps]
        return digest(duckdb.__version__, model.relation, *own, *read)

    def current(self, relation: str, fingerprint: str) -> Built | None:
        """The relation, if it stands as made from this fingerprint."""
        found = self._catalogue.find(relation)
        return found if found and found.fingerprint == fingerprint else None

    def standing(self, relation: str) -> Built:
        """The relation as it was last made. Raises `BuildFailed` where it never was."""
        found = self._catalogue.find(relation)
        if found is None:
            raise BuildFailed(f"{relation} is not built yet; run `retour refresh`")
        return found

    def query(self, sql: str) -> pl.DataFrame:
        """The rows of a SELECT."""
        frame: pl.DataFrame = self._connection.sql(sql).pl()
        return frame

    def copy_to_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of a SELECT to a file, in their order; returns how many. Raises `BuildFailed`."""
        target = str(path).replace("'", "''")
        copy = f"copy ({sql}) to '{target}' (format parquet, compression zstd)"
        try:
            row = first_row(self._connection, copy)
        except duckdb.Error as refused:
            raise BuildFailed(f"cannot write {path}: {refused}") from refused
        return int(row[0]) if row else 0

    def columns(self, relation: str) -> dict[str, str]:
        """A relation's columns and their DuckDB types."""
        described = self._connection.execute(f"describe {relation}").fetchall()
        return {str(row[0]): str(row[1]) for row in described}

    def _make(
        self, relation: str, kind: Kind, sql: str, fingerprint: str, model: SqlModel | None = None
    ) -> Built:
        if (other := self._catalogue.kind(relation)) and other != kind:
            self._connection.execute(f"drop {other} {relation}")
        self._connection.execute(f"create or replace {kind} {relation} as {sql}")
        self._refuse_unportable(relation)
        row = first_row(self._connection, f"select count(*) from {relation}")  # our own name
        rows = int(row[0]) if row else 0
        self._catalogue.record(relation, fingerprint, rows, kind)
        self._record_lineage(relation, model)
        return Built(relation, fingerprint, rows, is_new=True)

    def _refuse_unportable(self, relation: str) -> None:
        for name, kind in self.columns(relation).items():
            if kind.startswith(_NOT_PORTABLE):
                raise BuildFailed(
                    f"{relation}: column {name!r} came out as {kind}, which other engines do not have; "
                    "cast it to bigint, varchar or another plain type"
                )

    def _fingerprint_of(self, dep: str, model: SqlModel) -> str:
        if dep == "meta.run":
            run = self.run
            return digest(*(f"{name}={getattr(run, name)}" for name in model.run_columns))
        if dep == "meta.zone_offsets":
            return self._zone
        return self.standing(dep).fingerprint

    def _record_lineage(self, relation: str, model: SqlModel | None) -> None:
        self._connection.execute("delete from meta.column_lineage where relation = ?", [relation])
        sources = [
            (relation, column, source.relation, source.column)
            for column, found in (model.lineage if model else {}).items()
            for source in found
        ]
        if sources:  # in one statement: row by row they took longer than a small relation
            rows = ", ".join(["(?, ?, ?, ?)"] * len(sources))
            values = [word for source in sources for word in source]
            self._connection.execute(f"insert into meta.column_lineage values {rows}", values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            self._catalogue.reload()
            raise
        self._connection.execute("commit")
