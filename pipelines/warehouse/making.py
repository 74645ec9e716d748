"""Making relations: views and tables anew, and tables that follow what is new. Every call is part of its caller's transaction.

A table is replaced together with its fingerprint, so a killed run leaves either the old or the new.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from pipelines.warehouse.catalogue import Built, Kind, Standing
from pipelines.warehouse.changes import CHANGED
from pipelines.warehouse.following import Followed, Following, MadeInFull
from pipelines.warehouse.lake_views import digest
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.opening import first_row
from pipelines.warehouse.plans import Plan
from pipelines.warehouse.session import BuildFailed, Session
from pipelines.warehouse.shown import Shown

_progress = logging.getLogger("retour.progress")
_BEFORE = "__before"
_COLUMNS_OF_VIEW = """
select column_name, data_type from duckdb_columns()
where database_name = current_database() and schema_name = ? and table_name = ? order by column_index
"""
_NOT_PORTABLE = ("HUGEINT", "UHUGEINT", "INTERVAL", "ENUM")


class Making:
    """Makes the relations of a warehouse over the lake as it is shown."""

    def __init__(self, session: Session, shown: Shown) -> None:
        self._session, self._shown = session, shown
        self._connection, self._catalogue = session.connection, session.catalogue
        self._changes = session.changes

    def up_to_date(self, model: SqlModel, standing: Standing | None, made_from: str) -> Built:
        """Let a relation follow what is new where it can, and make it anew where it cannot."""
        if model.header.refresh != "view" and model.plan and standing:
            try:
                return self._follow(model, model.plan, standing, made_from)
            except MadeInFull as reason:
                _progress.debug("building %s in full: %s", model.relation, reason)
        return self.anew(model, made_from)

    def anew(self, model: SqlModel, made_from: str, *, is_forced: bool = False) -> Built:
        """Make a relation of all that it reads. What is forced counts as other content, whatever comes out."""
        if model.header.refresh == "view":
            return self._view(model, made_from)
        return self.table(model.relation, _laid_down(model), made_from, model, is_forced=is_forced)

    # --- following what is new ---------------------------------------------------------------------

    def _following(self, model: SqlModel, plan: Plan) -> Following:
        seen = self._shown.seen_now(plan)
        manifest = self._shown.manifest
        return Following(self._connection, self._catalogue, manifest, model, plan, seen)

    def _follow(self, model: SqlModel, plan: Plan, standing: Standing, made_from: str) -> Built:
        if standing.code != self._shown.code(model):
            raise MadeInFull("its SQL changed")
        done = self._following(model, plan).follow()
        built = self._followed(done, standing, made_from, made_from)
        self._catalogue.record_seen(model.relation, self._shown.seen_now(plan))
        return built

    def partitions(self, model: SqlModel, plan: Plan, standing: Standing, values: str) -> Built:
        """Compute those partitions again that a SELECT gives; all other rows stay as they are."""
        done = self._following(model, plan).compute(values)
        fingerprint = digest(standing.fingerprint, str(standing.version + 1), "days")
        return self._followed(done, standing, standing.made_from, fingerprint)

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

    # --- rows that Python computed -----------------------------------------------------------------

    def rows_added(self, relation: str, key: str, rows: int, fingerprint: str) -> Built:
        """Add `computed_rows` in place of those with the same key.

        Whoever follows the relation has to make itself in full: what changed is not kept.
        """
        before = self._shown.standing(relation)
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

    # --- making anew -------------------------------------------------------------------------------

    def _view(self, model: SqlModel, made_from: str) -> Built:
        self._make_way(model.relation, "view")
        self._connection.execute(f"create or replace view {model.relation} as {model.sql}")
        _refuse_unportable(model.relation, self._columns_of_view(model.relation))
        self._record_lineage(model.relation, model)
        return self.view_kept(model, made_from)

    def view_kept(self, model: SqlModel, made_from: str) -> Built:
        """Note of a view that its text stays as it is, over other rows."""
        rows, code = self._rows_of_view(model), self._shown.code(model)
        self._catalogue.record(Standing(model.relation, made_from, made_from, rows, code), "view")
        return Built(model.relation, made_from, rows, "full", rows or 0)

    def _rows_of_view(self, model: SqlModel) -> int | None:
        """How many rows a view has, where that follows from the relations that it reads; counting could be as dear as computing."""
        if not model.text.keeps_every_row:
            return None
        read = [self._catalogue.find(each.relation) for each in model.text.mentions]
        rows = [each.rows if each else None for each in read]
        return None if None in rows else sum(each for each in rows if each)

    def table(
        self,
        relation: str,
        sql: str,
        made_from: str,
        model: SqlModel | None = None,
        *,
        is_forced: bool = False,
    ) -> Built:
        """Make a table of a SELECT, in place of what stands there."""
        before = self._catalogue.recorded(relation) or Standing(relation, "", "", 0)
        is_followed = self._set_before_aside(before)
        self._make_way(relation, "table")
        self._connection.execute(f"create or replace table {relation} as {sql}")
        _refuse_unportable(relation, self.columns(relation))
        if model and model.plan:
            self._refuse_unordered_sums(model, model.plan)
        row = first_row(self._connection, f"select count(*) from {relation}")  # our own name
        now = Standing(
            relation,
            made_from,
            digest(made_from, str(before.version + 1)) if is_forced else made_from,
            int(row[0]) if row else 0,
            self._shown.code(model) if model else digest(str(self.columns(relation))),
            before.version + 1,
        )
        now = self._compared(before, now) if is_followed else replace(now, since=now.version)
        self._catalogue.record(now, "table")
        if model and model.plan:
            self._catalogue.record_seen(relation, self._shown.seen_now(model.plan))
        self._record_lineage(relation, model)
        return Built(relation, now.fingerprint, now.rows, "full", now.rows or 0)

    def columns(self, relation: str) -> dict[str, str]:
        """A relation's columns and their DuckDB types."""
        return _columns(self._connection.execute(f"describe {relation}"))

    def _columns_of_view(self, relation: str) -> dict[str, str]:
        """As the catalogue holds them: `describe` would plan the view once more."""
        schema, _, name = relation.partition(".")
        return _columns(self._connection.execute(_COLUMNS_OF_VIEW, [schema, name]))

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

    def drop(self, relation: str) -> None:
        """Let a relation go, with what was noted of it and kept for those that followed it."""
        if kind := self._catalogue.kind(relation):
            self._connection.execute(f"drop {kind} {relation}")
        self._changes.forget(self._catalogue.recorded(relation) or Standing(relation, "", "", 0))
        self._record_lineage(relation, None)
        self._catalogue.forget(relation)

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


def _columns(found: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in found.fetchall()}


def _refuse_unportable(relation: str, columns: Mapping[str, str]) -> None:
    for name, kind in columns.items():
        if kind.startswith(_NOT_PORTABLE):
            raise BuildFailed(
                f"{relation}: column {name!r} came out as {kind}, which other engines do not have; "
                "cast it to bigint, varchar or another plain type"
            )


def _laid_down(model: SqlModel) -> str:
    """The SELECT of a table that is made whole. Of rows that come in no order, DuckDB writes most twice: as they come, and at its checkpoint."""
    if not model.header.sort_by:
        return model.sql
    return f"select * from ({model.sql}) as unsorted order by {model.header.sort_by}"
