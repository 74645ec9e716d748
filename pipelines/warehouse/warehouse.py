"""`Warehouse`: holds the lock and the connection, shows the lake, and builds relations that are not as they should be.

A relation's fingerprint is its SQL and the fingerprints of all that it reads, so what is unchanged is not built again.
A table is replaced in one transaction together with its fingerprint: a killed run leaves either the old or the new.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Self, TypeVar

import duckdb
import polars as pl

from pipelines.costs import Costs, cost_rates, costs_in_force, default_costs
from pipelines.lake.manifest import Manifest
from pipelines.lake.tables import payload_tables
from pipelines.warehouse.catalogue import Built, Catalogue, Kind, Seen, Standing
from pipelines.warehouse.changes import CHANGED, Changes
from pipelines.warehouse.following import MOMENT, WHOLE, Followed, Following, MadeInFull
from pipelines.warehouse.lake_views import (
    Run,
    create_views,
    digest,
    read_run,
    stored_run,
    table_fingerprints,
    view_digests,
    write_rates,
    write_run,
)
from pipelines.warehouse.lock import WAIT_SECONDS, Say, warehouse_lock
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.opening import (
    derived_again,
    first_row,
    full_disk_told,
    open_warehouse,
    refuse_foreign,
)
from pipelines.warehouse.plans import AS_OF, Plan
from retour.errors import UserError
from retour.settings import Settings

_progress = logging.getLogger("retour.progress")
_T = TypeVar("_T")
_LAKE = "lake"
_RATES = "meta.cost_rates"
_BEFORE = "__before"
_PLANNERS_FAULT = "BindBuiltinScalarFunction did not return"  # DuckDB 2.0.0, for some rows
_NOT_PORTABLE = ("HUGEINT", "UHUGEINT", "INTERVAL", "ENUM")


class BuildFailed(UserError):
    """A relation could not be built; the message names its file and DuckDB's reason."""


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
                self._catalogue = Catalogue(self._connection)
                self._changes = Changes(self._connection, self._catalogue)
                self._show_rates()
                self.attach_lake()
            self._exit = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._exit:
            if kind is None:
                self._write_down()

    def attach_lake(self) -> Run:
        """Show the lake as its manifest now says. Called on entering, and again after the log was drained.

        One that another version of Retour wrote lacks columns that relations read. The drain makes it anew; until then it
        is not shown, and nothing can be built.
        """
        manifest = Manifest.load(self.lake_dir)
        self._is_readable = manifest.through_seq == 0 or manifest.schemas == payload_tables()
        if self._is_readable:
            self._attach(manifest)
        self._manifest, self._run = manifest, stored_run(self._connection)
        self._zone = digest(
            str(self._connection.execute("select * from meta.zone_offsets").fetchall())
        )
        return self._run

    def _attach(self, manifest: Manifest) -> None:
        views, tables = view_digests(manifest), table_fingerprints(manifest)
        state = digest(
            str(manifest.through_seq),
            manifest.generation,
            self._timezone,
            *views.values(),
            *tables.values(),
        )
        shown = self._catalogue.recorded(_LAKE)
        if shown is None or shown.fingerprint != state:
            try:
                self._show_lake(manifest, views, tables, state)
            except duckdb.Error:
                manifest.verify()  # a damaged segment is told by its name
                raise

    def _show_lake(
        self,
        manifest: Manifest,
        views: Mapping[str, str],
        tables: Mapping[str, str],
        state: str,
    ) -> None:
        rows = manifest.rows()
        with self._transaction():
            shown = {name: self._catalogue.find(f"lake.{name}") for name in views}
            others = [
                name for name, each in shown.items() if not each or each.made_from != views[name]
            ]
            create_views(self._connection, manifest, others)
            write_run(self._connection, *read_run(self._connection, manifest, self._timezone))
            for name, view in views.items():
                relation = f"lake.{name}"
                code = digest(str(sorted(payload_tables()[name].items())))
                standing = Standing(relation, view, tables[relation], rows.get(name, 0), code)
                if standing != shown[name]:
                    self._catalogue.record(standing, "view")
            self._catalogue.record(Standing(_LAKE, state, state, None))

    def _show_rates(self) -> None:
        state = digest(str(self._rates))
        shown = self._catalogue.recorded(_RATES)
        if shown is None or shown.fingerprint != state:
            with self._transaction():
                write_rates(self._connection, self._rates)
                self._catalogue.record(Standing(_RATES, state, state, len(self._rates)))

    @property
    def run(self) -> Run:
        """What this run is computed for."""
        return self._run

    def build(self, model: SqlModel) -> Built:
        """Bring a SQL relation up to date, if anything that it is made from changed. Raises `BuildFailed`."""
        made_from = self._made_from(model)
        standing = self._catalogue.find(model.relation)
        if standing and standing.made_from == made_from:
            return standing.unchanged()
        return self._planned_somehow(lambda: self._build(model, standing, made_from))

    def _build(self, model: SqlModel, standing: Standing | None, made_from: str) -> Built:
        is_view = model.header.refresh == "view"
        if is_view and standing and standing.code == self._code(model):
            return self._record_view(model, made_from)  # the same text over other rows
        with self._refusals_of(model), self._transaction():
            if is_view:
                return self._make_view(model, made_from)
            if model.plan and standing:
                try:
                    return self._follow(model, model.plan, standing, made_from)
                except MadeInFull as reason:
                    _progress.debug("building %s in full: %s", model.relation, reason)
            return self._make_table(model.relation, model.sql, made_from, model)

    def rebuild(self, model: SqlModel) -> Built:
        """Make a SQL relation anew, whatever stands. Raises `BuildFailed`."""
        made_from = self._made_from(model)
        return self._planned_somehow(lambda: self._rebuild(model, made_from))

    def _rebuild(self, model: SqlModel, made_from: str) -> Built:
        with self._refusals_of(model), self._transaction():
            if model.header.refresh == "view":
                return self._make_view(model, made_from)
            return self._make_table(model.relation, model.sql, made_from, model, is_forced=True)

    def _planned_somehow(self, work: Callable[[], _T]) -> _T:
        """Work, once more without the help of statistics where DuckDB trips over them: the rows are the same either way."""
        try:
            return work()
        except (BuildFailed, duckdb.Error) as refused:
            if _PLANNERS_FAULT not in str(refused):
                raise
            _progress.debug("planning without statistics, over which DuckDB tripped: %s", refused)
        self._connection.execute("set disabled_optimizers = 'statistics_propagation'")
        try:
            return work()
        finally:
            self._connection.execute("reset disabled_optimizers")

    def rebuild_days(self, model: SqlModel, first: date, last: date) -> Built:
        """Compute those partitions of a `by_day` relation anew that lie from one day to another, both included.

        All other rows stay as they are. Raises `BuildFailed`, also where the relation does not stand as its SQL now is.
        """
        standing = self.standing(model.relation)
        if model.plan is None or model.header.refresh != "by_day":
            raise BuildFailed(
                f"{model.path}: is refreshed as {model.header.refresh}; only days of a by_day relation can be made "
                "anew by themselves, so make all of it anew"
            )
        if standing.code != self._code(model):
            raise BuildFailed(
                f"{model.path}: changed since {model.relation} was built; run `retour refresh` first"
            )
        days = (
            f"select cast(day as date) from generate_series(timestamp '{first:%Y-%m-%d}', "
            f"timestamp '{last:%Y-%m-%d}', interval 1 day) as days(day)"
        )
        plan = model.plan
        return self._planned_somehow(lambda: self._rebuild_days(model, plan, standing, days))

    def _rebuild_days(self, model: SqlModel, plan: Plan, standing: Standing, days: str) -> Built:
        with self._refusals_of(model), self._transaction():
            done = self._following(model, plan).compute(days)
            fingerprint = digest(standing.fingerprint, str(standing.version + 1), "days")
            return self._followed(done, standing, standing.made_from, fingerprint)

    @contextmanager
    def _refusals_of(self, model: SqlModel) -> Iterator[None]:
        _progress.debug("building %s", model.relation)
        try:
            yield
        except duckdb.Error as refused:
            raise BuildFailed(f"{model.path}: {refused}") from refused

    def replace(self, relation: str, frame: pl.DataFrame, fingerprint: str) -> Built:
        """Make a relation of the rows that Python computed, under the fingerprint of what they were computed from."""
        self._connection.register("computed_rows", frame)
        try:
            with self._transaction():
                built = self._make_table(relation, "select * from computed_rows", fingerprint)
            self._distrusted.discard(relation)
            return built
        except duckdb.Error as refused:
            raise BuildFailed(f"{relation}: {refused}") from refused
        finally:
            self._connection.unregister("computed_rows")

    def is_kept(self, relation: str, code: str) -> bool:
        """Whether a relation stands whose rows were all made by this code and nobody distrusts, so that it can be extended."""
        found = self._catalogue.find(relation)
        return found is not None and found.code == code and relation not in self._distrusted

    def extend(self, relation: str, frame: pl.DataFrame, fingerprint: str, code: str) -> Built:
        """Add rows that Python computed, in place of those with the same first column; all else stays as it is.

        Where the relation does not stand as made by this `code`, it is made of these rows alone.
        """
        key = frame.columns[0]
        self._connection.register("computed_rows", frame)
        try:
            with self._transaction():
                if not self.is_kept(relation, code):
                    built = self._make_table(relation, "select * from computed_rows", fingerprint)
                    self._catalogue.record(replace(self.standing(relation), code=code))
                else:
                    built = self._add_rows(relation, key, frame.height, fingerprint)
            self._distrusted.discard(relation)
            return built
        except duckdb.Error as refused:
            raise BuildFailed(f"{relation}: {refused}") from refused
        finally:
            self._connection.unregister("computed_rows")

    def _add_rows(self, relation: str, key: str, rows: int, fingerprint: str) -> Built:
        """Whoever follows the relation has to make itself in full: what changed is not kept."""
        before = self.standing(relation)
        if rows == 0:
            self._catalogue.record(replace(before, made_from=fingerprint))
            return before.unchanged()
        self._connection.execute(
            f"delete from {relation} where {key} in (select {key} from computed_rows)"  # our own names
        )
        self._connection.execute(f"insert into {relation} by name select * from computed_rows")
        counted = first_row(self._connection, f"select count(*) from {relation}")
        now = replace(
            before,
            made_from=fingerprint,
            fingerprint=fingerprint,
            rows=int(counted[0]) if counted else 0,
            version=before.version + 1,
            since=self._changes.forget(before),
        )
        self._catalogue.record(now)
        return Built(relation, fingerprint, now.rows, "incremental", rows)

    def fingerprint(self, model: SqlModel, *own: str) -> str:
        """What a relation would be made from: all that it reads, and what is its own (SQL, a detector's version)."""
        read = [f"{dep}={self._fingerprint_of(dep, model.run_columns)}" for dep in model.deps]
        return digest(duckdb.__version__, model.relation, *own, *read)

    def current(self, relation: str, fingerprint: str) -> Built | None:
        """The relation, if it stands as made from this fingerprint and nobody distrusts it."""
        if relation in self._distrusted:
            return None
        found = self._catalogue.find(relation)
        return found.unchanged() if found and found.made_from == fingerprint else None

    def distrust(self, relation: str) -> None:
        """Let what stands of a relation that Python builds count for nothing until it is replaced."""
        self._distrusted.add(relation)

    def standing(self, relation: str) -> Standing:
        """The relation as it was last made. Raises `BuildFailed` where it never was."""
        found = self._catalogue.find(relation)
        if found is None:
            raise BuildFailed(f"{relation} is not built yet; run `retour refresh`")
        return found

    def query(self, sql: str, **given: pl.DataFrame) -> pl.DataFrame:
        """The rows of a SELECT, which may also read what is `given` by name.

        Raises `WarehouseUnwritable` where it needs more room than memory and disk have.
        """
        for name, rows in given.items():
            self._connection.register(name, rows)
        try:
            with full_disk_told(self.path):
                frame: pl.DataFrame = self._planned_somehow(lambda: self._connection.sql(sql).pl())
        finally:
            for name in given:
                self._connection.unregister(name)
        return frame

    def copy_to_parquet(self, sql: str, path: Path) -> int:
        """Write the rows of a SELECT to a file, in their order; returns how many. Raises `BuildFailed`."""
        target = str(path).replace("'", "''")
        copy = f"copy ({sql}) to '{target}' (format parquet, compression zstd)"
        try:
            row = self._planned_somehow(lambda: first_row(self._connection, copy))
        except duckdb.Error as refused:
            raise BuildFailed(f"cannot write {path}: {refused}") from refused
        return int(row[0]) if row else 0

    def columns(self, relation: str) -> dict[str, str]:
        """A relation's columns and their DuckDB types."""
        described = self._connection.execute(f"describe {relation}").fetchall()
        return {str(row[0]): str(row[1]) for row in described}

    def _made_from(self, model: SqlModel) -> str:
        if model.is_python:
            raise ValueError(f"{model.relation} is built by Python; hand its rows to `replace`")
        if not self._is_readable:
            raise BuildFailed(
                f"{self.lake_dir}/ was written by another version of Retour; run `retour refresh`, which makes it anew "
                "from the log"
            )
        return self.fingerprint(model, self._code(model))

    def _code(self, model: SqlModel) -> str:
        """What a relation's shape and rows follow from besides the rows that it reads: its SQL, and that of all before it."""
        before = (self.standing(dep).code for dep in model.deps if not dep.startswith("meta."))
        return digest(
            duckdb.__version__, model.header.refresh, model.sql, repr(model.plan), *before
        )

    # --- following what is new ---------------------------------------------------------------------

    def _following(self, model: SqlModel, plan: Plan) -> Following:
        seen = self._seen_now(plan)
        return Following(self._connection, self._catalogue, self._manifest, model, plan, seen)

    def _follow(self, model: SqlModel, plan: Plan, standing: Standing, made_from: str) -> Built:
        if standing.code != self._code(model):
            raise MadeInFull("its SQL changed")
        done = self._following(model, plan).follow()
        built = self._followed(done, standing, made_from, made_from)
        self._catalogue.record_seen(model.relation, self._seen_now(plan))
        return built

    def _followed(
        self, done: Followed, standing: Standing, made_from: str, fingerprint: str
    ) -> Built:
        """Note what following did. Where it changed nothing, the relation keeps its content's fingerprint."""
        now = replace(standing, made_from=made_from)
        if done.touched:
            now = replace(
                now,
                fingerprint=fingerprint,
                rows=(standing.rows or 0) + done.growth,
                version=standing.version + 1,
                since=self._changes.keep(standing, CHANGED),
            )
        self._catalogue.record(now)
        if not done.touched:
            return now.unchanged()
        return Built(now.relation, now.fingerprint, now.rows, "incremental", done.touched)

    def _seen_now(self, plan: Plan) -> dict[str, Seen]:
        """How far each source of a relation is, and what those hold that are read whole."""
        seen = {}
        for source in plan.sources:
            if source.startswith("lake."):
                seen[source] = Seen(self._manifest.through_seq, self._manifest.generation)
            else:
                seen[source] = Seen(self.standing(source).version)
        others = tuple(name for name in plan.run_columns if name != AS_OF)
        for name in plan.whole:
            seen[f"{WHOLE}{name}"] = Seen(fingerprint=self._fingerprint_of(name, others))
        if AS_OF in plan.run_columns:
            seen[MOMENT] = Seen(fingerprint=str(self.run.as_of))
        return seen

    # --- making anew -------------------------------------------------------------------------------

    def _make_view(self, model: SqlModel, made_from: str) -> Built:
        self._make_way(model.relation, "view")
        self._connection.execute(f"create or replace view {model.relation} as {model.sql}")
        self._refuse_unportable(model.relation)
        self._record_lineage(model.relation, model)
        return self._record_view(model, made_from)

    def _record_view(self, model: SqlModel, made_from: str) -> Built:
        rows = self._rows_of_view(model)
        standing = Standing(model.relation, made_from, made_from, rows, self._code(model))
        self._catalogue.record(standing, "view")
        return Built(model.relation, made_from, rows, "full", rows or 0)

    def _rows_of_view(self, model: SqlModel) -> int | None:
        """How many rows a view has, where that follows from the relations that it reads; counting could be as dear as computing."""
        if not model.text.keeps_every_row:
            return None
        read = [self._catalogue.find(each.relation) for each in model.text.mentions]
        rows = [each.rows if each else None for each in read]
        return None if None in rows else sum(each for each in rows if each)

    def _make_table(
        self,
        relation: str,
        sql: str,
        made_from: str,
        model: SqlModel | None = None,
        *,
        is_forced: bool = False,
    ) -> Built:
        before = self._catalogue.recorded(relation) or Standing(relation, "", "", 0)
        is_followed = self._set_before_aside(before)
        self._make_way(relation, "table")
        self._connection.execute(f"create or replace table {relation} as {sql}")
        self._refuse_unportable(relation)
        if model and model.plan:
            self._refuse_unordered_sums(model, model.plan)
        row = first_row(self._connection, f"select count(*) from {relation}")  # our own name
        now = Standing(
            relation,
            made_from,
            digest(made_from, str(before.version + 1)) if is_forced else made_from,
            int(row[0]) if row else 0,
            self._code(model) if model else digest(str(self.columns(relation))),
            before.version + 1,
        )
        now = self._compared(before, now) if is_followed else replace(now, since=now.version)
        self._catalogue.record(now, "table")
        if model and model.plan:
            self._catalogue.record_seen(relation, self._seen_now(model.plan))
        self._record_lineage(relation, model)
        return Built(relation, now.fingerprint, now.rows, "full", now.rows or 0)

    def _set_before_aside(self, before: Standing) -> bool:
        """Keep the table as it stands for a comparison, if anybody follows what changes in it."""
        is_there = self._catalogue.kind(before.relation) == "table"
        if is_there and self._changes.are_followed(before):
            name = before.relation.partition(".")[2]
            self._connection.execute(f"alter table {before.relation} rename to {name}{_BEFORE}")
            return True
        self._changes.forget(before)
        return False

    def _compared(self, before: Standing, now: Standing) -> Standing:
        """What is made in full may differ in little, and then those that follow it have little to do."""
        old = f"{now.relation}{_BEFORE}"
        if self.columns(old) != self.columns(now.relation):
            now = replace(now, since=self._changes.forget(before))
        elif any(self._changes.compare(old, now.relation)):
            since = self._changes.keep(replace(before, rows=now.rows), CHANGED)
            now = replace(now, since=since)
        else:
            now = replace(
                now, fingerprint=before.fingerprint, version=before.version, since=before.since
            )
        self._connection.execute(f"drop table {old}")
        return now

    def _make_way(self, relation: str, kind: Kind) -> None:
        if (other := self._catalogue.kind(relation)) and other != kind:
            self._connection.execute(f"drop {other} {relation}")

    def _refuse_unordered_sums(self, model: SqlModel, plan: Plan) -> None:
        if plan.fold and plan.fold.summed:
            kinds = self._connection.execute(f"describe {plan.fold.summed}").fetchall()
            if inexact := [row[0] for row in kinds if row[1] in ("DOUBLE", "FLOAT")]:
                raise BuildFailed(
                    f"{model.path}: sum of {inexact[0]} cannot be folded: it is a floating-point number, whose sums depend "
                    "on their order; sum integers, such as minor units"
                )

    def _refuse_unportable(self, relation: str) -> None:
        for name, kind in self.columns(relation).items():
            if kind.startswith(_NOT_PORTABLE):
                raise BuildFailed(
                    f"{relation}: column {name!r} came out as {kind}, which other engines do not have; "
                    "cast it to bigint, varchar or another plain type"
                )

    def _fingerprint_of(self, dep: str, run_columns: Sequence[str]) -> str:
        if dep == "meta.run":
            run = self.run
            return digest(*(f"{name}={getattr(run, name)}" for name in run_columns))
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
        with full_disk_told(self.path):
            self._connection.execute("begin")
            try:
                yield
                self._catalogue.write()
                self._connection.execute("commit")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Let all be as it was. A full disk may have ended the transaction already, or the connection with it."""
        with suppress(duckdb.TransactionException, duckdb.FatalException):
            self._connection.execute("rollback")
        with suppress(duckdb.FatalException):
            self._catalogue.reload()

    def _write_down(self) -> None:
        """Note for good of which relations it was found that nothing was to be done."""
        if self._catalogue.has_unwritten:
            with self._transaction():
                pass
