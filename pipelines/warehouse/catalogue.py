"""What stands in the warehouse, remembered for as long as the lock is held.

Asking DuckDB anew about each relation was most of what a refresh with nothing new did.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

import duckdb

Kind = Literal["view", "table"]
How = Literal["unchanged", "incremental", "full"]
_KINDS: dict[str, Kind] = {"VIEW": "view", "BASE TABLE": "table"}


@dataclass(frozen=True, slots=True)
class Built:
    """A relation as it stands: what its content can be told by, its rows, and how this call made it.

    `rows` is None for a view whose rows would cost as much to count as to compute. `touched` counts the rows that were added
    and taken away, which of those made in full are all.
    """

    relation: str
    fingerprint: str
    rows: int | None
    how: How = "unchanged"
    touched: int = 0

    @property
    def is_new(self) -> bool:
        """Whether this call made anything of it anew."""
        return self.how != "unchanged"


@dataclass(frozen=True, slots=True)
class Standing:
    """A relation as it was last made.

    `made_from` tells all that it was made from, `fingerprint` its content: it stays where the same rows came out again.
    `code` tells its SQL. Each change of a table has a `version`; the changes after `since` are kept.
    """

    relation: str
    made_from: str
    fingerprint: str
    rows: int | None
    code: str = ""
    version: int = 0
    since: int = 0

    def unchanged(self) -> Built:
        """What a call that found nothing to do answers."""
        return Built(self.relation, self.fingerprint, self.rows)


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a source a relation has followed: up to which event or version, and what told the source's content then."""

    position: int = 0
    fingerprint: str = ""


class Catalogue:
    """Relations by name: what each was made from, what it has seen of its inputs, and whether it is a view or a table."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.reload()

    def reload(self) -> None:
        """Read what stands; after a rollback nothing that was remembered of it may stay."""
        builds = self._connection.execute(
            "select relation, made_from, fingerprint, rows, code, version, since from meta.builds"
        ).fetchall()
        kinds = self._connection.execute(
            "select table_schema || '.' || table_name, table_type from information_schema.tables"
        ).fetchall()
        seen = self._connection.execute(
            "select relation, source, position, fingerprint from meta.seen"
        ).fetchall()
        self._standing = {str(row[0]): Standing(*row) for row in builds}
        self._kinds = {str(relation): _KINDS[kind] for relation, kind in kinds if kind in _KINDS}
        self._unwritten: set[str] = set()
        self._seen: dict[str, dict[str, Seen]] = {}
        for relation, source, position, fingerprint in seen:
            self._seen.setdefault(relation, {})[source] = Seen(position, fingerprint)

    def kind(self, relation: str) -> Kind | None:
        """Whether a view or a table of this name is there."""
        return self._kinds.get(relation)

    def find(self, relation: str) -> Standing | None:
        """The relation as it was last made, if it is still there."""
        return self.recorded(relation) if relation in self._kinds else None

    def recorded(self, relation: str) -> Standing | None:
        """What was last recorded under this name, which need not be a relation."""
        return self._standing.get(relation)

    def record(self, standing: Standing, kind: Kind | None = None) -> None:
        """Note how a relation now stands, to be written by the next `write`."""
        self._standing[standing.relation] = standing
        self._unwritten.add(standing.relation)
        if kind:
            self._kinds[standing.relation] = kind

    def recorded_in(self, schemas: Iterable[str]) -> set[str]:
        """The names in these schemas of which anything was recorded."""
        within = tuple(f"{schema}." for schema in schemas)
        return {name for name in {*self._standing, *self._seen} if name.startswith(within)}

    def forget(self, relation: str) -> None:
        """Let nothing be known of a relation any more, from the next `write` on."""
        for known in (self._standing, self._kinds, self._seen):
            known.pop(relation, None)
        self._unwritten.add(relation)

    def seen(self, relation: str) -> Mapping[str, Seen]:
        """How much of each of its sources a relation has followed."""
        return self._seen.get(relation, {})

    def record_seen(self, relation: str, seen: Mapping[str, Seen]) -> None:
        """Note what a relation has followed by now, to be written by the next `write`."""
        if seen != self.seen(relation):
            self._seen[relation] = dict(seen)
            self._unwritten.add(relation)

    @property
    def has_unwritten(self) -> bool:
        """Whether anything was noted since the last `write`."""
        return bool(self._unwritten)

    def write(self) -> None:
        """Write in the caller's transaction what was noted, all at once: each statement alone takes milliseconds."""
        if not self._unwritten:
            return
        names = sorted(self._unwritten)
        standing = [self._standing[name] for name in names if name in self._standing]
        seen = [
            (name, source, each.position, each.fingerprint)
            for name in names
            for source, each in self.seen(name).items()
        ]
        self._rewrite("meta.builds", names, [astuple(each) for each in standing])
        self._rewrite("meta.seen", names, seen)
        self._unwritten.clear()

    def _rewrite(
        self, table: str, relations: Sequence[str], rows: Sequence[tuple[object, ...]]
    ) -> None:
        self._connection.execute(
            f"delete from {table} where relation in ({', '.join('?' * len(relations))})",  # our own names
            relations,
        )
        if rows:
            marks = f"({', '.join('?' * len(rows[0]))})"
            values = [value for row in rows for value in row]
            self._connection.execute(
                f"insert into {table} values {', '.join([marks] * len(rows))}", values
            )

    def followers(self, relation: str) -> Iterable[int]:
        """Up to which version each relation that follows this one has seen it."""
        return [seen[relation].position for seen in self._seen.values() if relation in seen]
