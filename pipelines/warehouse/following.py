"""Bringing a relation up to date by what is new of its inputs.

A fold reads the new events alone and merges what they give into its rows. The others find out which of their partitions the
changes of their inputs touch, and compute those again. Either leaves the rows that it added and took away in `temp.changed`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.lake.manifest import Manifest
from pipelines.warehouse.catalogue import Catalogue, Seen, Standing
from pipelines.warehouse.changes import Changes
from pipelines.warehouse.folding import Merge
from pipelines.warehouse.lake_views import events_after
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.opening import first_row
from pipelines.warehouse.plans import Plan

WHOLE = "whole "  # before the name of an input that is not followed row by row
MOMENT = f"{WHOLE}meta.run.as_of"
TOUCHED_SHARE = 0.5  # of a relation's partitions: beyond that, making all anew is no dearer
TOUCHED_PARTITIONS = 1_000
TOUCHED_ROWS_SHARE = 0.05  # of its rows: up to that, partitions need not be counted
_LAKE = "lake."
_MERGES: Mapping[Merge, str] = {
    "key": "new.{0}",
    "least": "least(old.{0}, new.{0})",  # in DuckDB null is neither
    "greatest": "greatest(old.{0}, new.{0})",
    "sum": "coalesce(old.{0} + new.{0}, old.{0}, new.{0})",
    "or": "coalesce(old.{0} or new.{0}, old.{0}, new.{0})",
    "and": "coalesce(old.{0} and new.{0}, old.{0}, new.{0})",
    "oldest": "coalesce(old.{0}, new.{0})",
    "newest": "coalesce(new.{0}, old.{0})",
}


class MadeInFull(Exception):
    """The relation cannot, or need not, follow its inputs; the message says why."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What following did: how many rows came and went, and by how many there are more."""

    touched: int
    growth: int


class Following:
    """One relation and its inputs as they are now. Every call is part of its caller's transaction."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        catalogue: Catalogue,
        manifest: Manifest,
        model: SqlModel,
        plan: Plan,
        now: Mapping[str, Seen],
    ) -> None:
        self._connection, self._catalogue, self._manifest = connection, catalogue, manifest
        self._model, self._plan, self._now = model, plan, now
        self._changes = Changes(connection, catalogue)
        self._seen = catalogue.seen(model.relation)
        self._columns = ", ".join(f'"{name}"' for name in model.header.columns)

    def follow(self) -> Followed:
        """Bring the rows up to date. Raises `MadeInFull`."""
        self._require_inputs_that_can_be_followed()
        if self._plan.fold is None:
            self._gather_touched()
            touched, has_null = self._touched()
            self._refuse_most_partitions(touched)
            return self._compute_touched(touched, has_null=has_null)
        sources = {name: self._news(name) for name in self._plan.tracked}
        self._temporary("fresh", self._model.text.reading(sources))
        return self._merge(self._plan.fold.merges) if self._plan.fold.merges else self._add()

    def compute(self, values: str) -> Followed:
        """Compute those days again that a SELECT gives, from the inputs as they are."""
        self._temporary("touched", f"select distinct value from ({values}) as given(value)")
        touched, has_null = self._touched()
        if self._plan.fold is None:
            return self._compute_touched(touched, has_null=has_null)
        return self._replace_touched(self._model.sql, self._model.days or "", has_null=False)

    def _require_inputs_that_can_be_followed(self) -> None:
        for source, now in self._now.items():
            seen = self._seen.get(source)
            if seen is None:
                raise MadeInFull(f"it has not read {source} before")
            if source.startswith(WHOLE):
                if seen != now and not (source == MOMENT and self._plan.volatile):
                    raise MadeInFull(f"{source.removeprefix(WHOLE)} changed")
            elif seen.fingerprint != now.fingerprint or seen.position > now.position:
                raise MadeInFull("the lake was made anew")
            elif not source.startswith(_LAKE) and self._table(source).since > seen.position:
                raise MadeInFull(f"too much of {source} changed")

    def _table(self, source: str) -> Standing:
        standing = self._catalogue.find(source)
        if standing is None:
            raise MadeInFull(f"{source} is not there")
        return standing

    # --- what is new of the inputs -----------------------------------------------------------------

    def _has_news(self, relation: str) -> bool:
        return any(
            self._seen[source].position != self._now[source].position
            and not (source.startswith(_LAKE) and not self._new_files(source))
            for source in self._behind(relation)
        )

    def _new_files(self, source: str) -> bool:
        return bool(self._manifest.files(source.removeprefix(_LAKE), self._seen[source].position))

    def _behind(self, relation: str) -> list[str]:
        """The tables behind a followed input."""
        if relation not in self._plan.views:
            return [relation]
        read = self._plan.views[relation].rows_of
        return [source for each in read for source in self._behind(each)]

    def _news(self, relation: str) -> str:
        """A SELECT of the rows of an input that came, or went, since it was last seen."""
        if view := self._plan.views.get(relation):
            return view.reading({each: self._news(each) for each in view.rows_of})
        seen = self._seen[relation].position
        if relation.startswith(_LAKE):
            return events_after(self._manifest, relation, seen)
        if seen == self._now[relation].position:
            return f"select * from {relation} where false"  # our own names
        return self._changes.after(relation, seen)

    # --- folding -----------------------------------------------------------------------------------

    def _add(self) -> Followed:
        added = self._count("fresh")
        if added:
            self._connection.execute(
                f"insert into {self._model.relation} by name select * from temp.fresh"
            )
            self._temporary("changed", "select *, 1 as _n from temp.fresh")
        return Followed(added, added)

    def _merge(self, merges: Mapping[str, Merge]) -> Followed:
        if not self._count("fresh"):
            return Followed(0, 0)
        keys = [name for name, merge in merges.items() if merge == "key"]
        self._temporary(
            "before",
            f"select rowid as _row, * from {self._model.relation} where rowid in (select old.rowid "
            f"from {self._model.relation} as old semi join temp.fresh as new on {_same(keys)})",
        )
        merged = {name: _MERGES[merge].format(f'"{name}"') for name, merge in merges.items()}
        differs = " or ".join(
            f'old."{name}" is distinct from {value}' for name, value in merged.items()
        )
        values = ", ".join(f'{value} as "{name}"' for name, value in merged.items())
        self._temporary(
            "after",
            f"select old._row, {values} from temp.fresh as new left join temp.before as old "
            f"on {_same(keys)} where old._row is null or {differs}",
        )
        self._temporary(
            "changed",
            f"select {self._columns}, -1 as _n from temp.before semi join temp.after using (_row) "
            f"union all select {self._columns}, 1 as _n from temp.after",
        )
        relation = self._model.relation
        self._connection.execute(
            f"delete from {relation} where rowid in (select _row from temp.after)"
        )
        self._connection.execute(
            f"insert into {relation} by name select * exclude (_row) from temp.after"
        )
        came, went = self._changes.size()
        return Followed(came + went, came - went)

    # --- computing partitions again ----------------------------------------------------------------

    def _gather_touched(self) -> None:
        partition = self._plan.partition
        values = [
            f'select "{partition}" from ({self._news(name)})'
            for name in self._plan.tracked
            if self._has_news(name)
        ]
        if self._plan.volatile and self._seen[MOMENT] != self._now[MOMENT]:
            values.append(self._plan.volatile)
        nothing = f'select "{partition}" from {self._model.relation} where false'
        given = " union all ".join(f"({each})" for each in (nothing, *values))
        self._temporary("touched", f"select distinct value from ({given}) as given(value)")

    def _refuse_most_partitions(self, touched: int) -> None:
        standing = self._catalogue.find(self._model.relation)
        few = TOUCHED_ROWS_SHARE * ((standing.rows if standing else None) or 0)
        if touched <= max(TOUCHED_PARTITIONS, few):
            return
        row = first_row(
            self._connection,
            f'select approx_count_distinct("{self._plan.partition}") from {self._model.relation}',
        )
        if touched > TOUCHED_SHARE * (int(row[0]) if row else 0):
            raise MadeInFull(f"{touched} of its partitions are touched")

    def _compute_touched(self, touched: int, *, has_null: bool) -> Followed:
        if not touched:
            return Followed(0, 0)
        inputs = {name: f"_followed_{n}" for n, name in enumerate(self._plan.tracked)}
        filtered = ", ".join(
            f"{step} as materialized ({self._touched_rows(name, self._plan.partition, has_null)})"
            for name, step in inputs.items()
        )
        computed = self._model.text.reading(
            {name: f"select * from {step}" for name, step in inputs.items()}
        )
        return self._replace_touched(
            computed, self._plan.partition, has_null=has_null, steps=f"with {filtered} "
        )

    def _replace_touched(
        self, computed: str, partition: str, *, has_null: bool, steps: str = ""
    ) -> Followed:
        relation = self._model.relation
        self._temporary(
            "fresh",
            f"{steps}select each_row.* from ({computed}) as each_row "
            f'semi join temp.touched on each_row."{partition}" is not distinct from touched.value',
        )
        before = self._touched_rows(relation, partition, has_null, "rowid as _row, ")
        self._temporary("before", before)
        came, went = self._changes.compare("temp.before", "temp.fresh", self._columns)
        if came or went:
            self._connection.execute(
                f"delete from {relation} where rowid in (select _row from temp.before)"
            )
            self._connection.execute(f"insert into {relation} by name select * from temp.fresh")
        return Followed(came + went, came - went)

    def _touched(self) -> tuple[int, bool]:
        """How many partitions are touched, and whether the one without a value is among them."""
        row = first_row(
            self._connection, "select count(*), count(*) > count(value) from temp.touched"
        )
        return (int(row[0]), bool(row[1])) if row else (0, False)

    def _touched_rows(self, relation: str, column: str, has_null: bool, also: str = "") -> str:
        """A SELECT of those rows of a relation that lie in touched partitions.

        Of a table the partitions are looked through first, and then what else the few rows hold: touched rows are mostly those
        that were written last, and lie together.
        """
        partition = f'"{column}"'
        found = (
            f"{relation} as each_row semi join temp.touched on each_row.{partition} = touched.value"
        )
        rows = f"select each_row.* from {found}"
        if self._catalogue.kind(relation) == "table":
            rows = f"select {also}* from {relation} where rowid in (select each_row.rowid from {found})"
        if has_null:
            rows += f" union all select {also}* from {relation} where {partition} is null"
        return rows

    # --- the statements ----------------------------------------------------------------------------

    def _temporary(self, name: str, sql: str) -> None:
        self._connection.execute(f"create or replace temp table {name} as {sql}")

    def _count(self, name: str) -> int:
        row = first_row(self._connection, f"select count(*) from temp.{name}")  # our own names
        return int(row[0]) if row else 0


def _same(keys: list[str]) -> str:
    return " and ".join(f'old."{key}" is not distinct from new."{key}"' for key in keys)
