"""`Warehouse`: holds the lock and the connection, shows the lake, and builds relations that are not as they should be.

A relation's fingerprint is its SQL and the fingerprints of all that it reads, so what is unchanged is not built again.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Self

import duckdb
import polars as pl

from pipelines.costs import Costs, cost_rates, costs_in_force, default_costs
from pipelines.warehouse.catalogue import Built, Standing
from pipelines.warehouse.lake_views import Run
from pipelines.warehouse.lock import WAIT_SECONDS, Say, warehouse_lock
from pipelines.warehouse.making import Making
from pipelines.warehouse.models import LAYERS, SqlModel
from pipelines.warehouse.opening import (
    damage_told,
    derived_again,
    first_row,
    full_disk_told,
    open_warehouse,
    refuse_foreign,
)
from pipelines.warehouse.session import BuildFailed, Session
from pipelines.warehouse.shown import Shown
from retour.settings import Settings

__all__ = ["BuildFailed", "Warehouse"]


class Warehouse:
    """The warehouse of an installation. Use it with `with`: the lock is held from `__enter__` to `__exit__`.

    Whatever writes to it raises `WarehouseUnwritable` where the disk is full, and leaves all as it was.
    """

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
        self._distrusted: set[str] = set()
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
                self._session = Session(self.path, self._connection)
                self._shown = Shown(self._session, self.lake_dir, self._timezone)
                self._making = Making(self._session, self._shown)
                self._shown.show_rates(self._rates)
                self.attach_lake()
            self._exit = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._exit:
            if kind is None:
                self._session.write_down()

    def attach_lake(self) -> Run:
        """Show the lake as its manifest now says. Called on entering, and again after the log was drained.

        One that another version of Retour wrote lacks columns that relations read. The drain makes it anew; until then it
        is not shown, and nothing can be built.
        """
        self._shown.attach()
        return self.run

    @property
    def run(self) -> Run:
        """What this run is computed for."""
        return self._shown.run

    # --- relations of SQL --------------------------------------------------------------------------

    def build(self, model: SqlModel) -> Built:
        """Bring a SQL relation up to date, if anything that it is made from changed. Raises `BuildFailed`."""
        made_from = self._shown.made_from(model)
        standing = self._session.catalogue.find(model.relation)
        if standing and standing.made_from == made_from:
            return standing.unchanged()
        if self._is_same_text(model, standing):
            return self._making.view_kept(model, made_from)

        def work() -> Built:
            with self._session.making(model):
                return self._making.up_to_date(model, standing, made_from)

        return self._session.planned_somehow(work)

    def _is_same_text(self, model: SqlModel, standing: Standing | None) -> bool:
        is_view = model.header.refresh == "view"
        return is_view and standing is not None and standing.code == self._shown.code(model)

    def keep_only(self, models: Iterable[SqlModel]) -> None:
        """Let go of relations that none of these is: their files were removed, and what they had seen would be waited for."""
        kept = {model.relation for model in models}
        gone = self._session.catalogue.recorded_in(LAYERS) - kept
        if gone:
            with self._session.transaction():
                for relation in sorted(gone):
                    self._making.drop(relation)

    def rebuild(self, model: SqlModel) -> Built:
        """Make a SQL relation anew, whatever stands. Raises `BuildFailed`."""
        made_from = self._shown.made_from(model)

        def work() -> Built:
            with self._session.making(model):
                return self._making.anew(model, made_from, is_forced=True)

        return self._session.planned_somehow(work)

    def rebuild_days(self, model: SqlModel, first: date, last: date) -> Built:
        """Compute those days, weeks or months of a relation kept by them anew that lie from one day to another, both included.

        All other rows stay as they are. Raises `BuildFailed`, also where the relation does not stand as its SQL now is.
        """
        standing, plan = self.standing(model.relation), model.plan
        if plan is None or model.days is None:
            raise BuildFailed(
                f"{model.path}: is refreshed as {model.header.refresh} and kept by no day; only days of a relation kept by "
                "them can be made anew by themselves, so make all of it anew"
            )
        if standing.code != self._shown.code(model):
            raise BuildFailed(
                f"{model.path}: changed since {model.relation} was built; run `retour refresh` first"
            )
        days = (
            f"select cast(day as date) from generate_series(timestamp '{first:%Y-%m-%d}', "
            f"timestamp '{last:%Y-%m-%d}', interval 1 day) as days(day)"
        )

        def work() -> Built:
            with self._session.making(model):
                return self._making.partitions(model, plan, standing, days)

        return self._session.planned_somehow(work)

    # --- relations of Python -----------------------------------------------------------------------

    def replace(self, relation: str, frame: pl.DataFrame, fingerprint: str) -> Built:
        """Make a relation of the rows that Python computed, under the fingerprint of what they were computed from."""
        with self._session.computed(relation, frame):
            built = self._making.table(relation, "select * from computed_rows", fingerprint)
        self._distrusted.discard(relation)
        return built

    def is_kept(self, relation: str, code: str) -> bool:
        """Whether a relation stands whose rows were all made by this code and nobody distrusts, so that it can be extended."""
        found = self._session.catalogue.find(relation)
        return found is not None and found.code == code and relation not in self._distrusted

    def extend(self, relation: str, frame: pl.DataFrame, fingerprint: str, code: str) -> Built:
        """Add rows that Python computed, in place of those with the same first column; all else stays as it is.

        Where the relation does not stand as made by this `code`, it is made of these rows alone.
        """
        with self._session.computed(relation, frame):
            if self.is_kept(relation, code):
                key = frame.columns[0]
                built = self._making.rows_added(relation, key, frame.height, fingerprint)
            else:
                built = self._making.table(relation, "select * from computed_rows", fingerprint)
                self._session.catalogue.record(replace(self.standing(relation), code=code))
        self._distrusted.discard(relation)
        return built

    def distrust(self, relation: str) -> None:
        """Let what stands of a relation that Python builds count for nothing until it is replaced."""
        self._distrusted.add(relation)

    # --- what stands -------------------------------------------------------------------------------

    def fingerprint(self, model: SqlModel, *own: str) -> str:
        """What a relation would be made from: all that it reads, and what is its own (SQL, a detector's version)."""
        return self._shown.fingerprint(model, *own)

    def current(self, relation: str, fingerprint: str) -> Built | None:
        """The relation, if it stands as made from this fingerprint and nobody distrusts it."""
        if relation in self._distrusted:
            return None
        found = self._session.catalogue.find(relation)
        return found.unchanged() if found and found.made_from == fingerprint else None

    def standing(self, relation: str) -> Standing:
        """The relation as it was last made. Raises `BuildFailed` where it never was."""
        return self._shown.standing(relation)

    def columns(self, relation: str) -> dict[str, str]:
        """A relation's columns and their DuckDB types."""
        return self._making.columns(relation)

    def query(self, sql: str, **given: pl.DataFrame) -> pl.DataFrame:
        """The rows of a SELECT, which may also read what is `given` by name.

        Raises `WarehouseUnwritable` where it needs more room than memory and disk have.
        """
        for name, rows in given.items():
            self._connection.register(name, rows)
        try:
            with full_disk_told(self.path):
                frame: pl.DataFrame = self._session.planned_somehow(
                    lambda: self._connection.sql(sql).pl()
                )
        finally:
            for name in given:
                self._connection.unregister(name)
        return frame

    def copy_to_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of a SELECT to a file, in their order; returns how many. Raises `BuildFailed`, `WarehouseDamaged`."""
        target = str(path).replace("'", "''")
        copy = f"copy ({sql}) to '{target}' (format parquet, compression zstd)"
        try:
            with damage_told(self.path):
                row = self._session.planned_somehow(lambda: first_row(self._connection, copy))
        except duckdb.Error as refused:
            raise BuildFailed(f"cannot write {path}: {refused}") from refused
        return int(row[0]) if row else 0
