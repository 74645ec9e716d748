"""What stands in the warehouse, remembered for as long as the lock is held.

Asking DuckDB anew about each relation was most of what a refresh with nothing new did.
"""

from dataclasses import dataclass
from typing import Literal

import duckdb

Kind = Literal["view", "table"]
_KINDS: dict[str, Kind] = {"VIEW": "view", "BASE TABLE": "table"}


@dataclass(frozen=True, slots=True)
class Built:
    """A relation as it stands; `is_new` if this call made it."""

    relation: str
    fingerprint: str
    rows: int
    is_new: bool


class Catalogue:
    """Relations by name: what each was made from, its rows, and whether it is a view or a table."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.reload()

    def reload(self) -> None:
        """Read what stands; after a rollback nothing that was remembered of it may stay."""
        builds = self._connection.execute(
            "select relation, fingerprint, coalesce(rows, 0) from meta.builds"
        ).fetchall()
        kinds = self._connection.execute(
            "select table_schema || '.' || table_name, table_type from information_schema.tables"
        ).fetchall()
        self._builds = {str(row[0]): Built(row[0], row[1], row[2], is_new=False) for row in builds}
        self._kinds = {str(relation): _KINDS[kind] for relation, kind in kinds if kind in _KINDS}

    def kind(self, relation: str) -> Kind | None:
        """Whether a view or a table of this name is there."""
        return self._kinds.get(relation)

    def find(self, relation: str) -> Built | None:
        """The relation as it was last made, if it is still there."""
        return self._builds.get(relation) if relation in self._kinds else None

    def fingerprint(self, relation: str) -> str | None:
        """What was last recorded under this name, which need not be a relation."""
        built = self._builds.get(relation)
        return built.fingerprint if built else None

    def record(self, relation: str, fingerprint: str, rows: int, kind: Kind | None = None) -> None:
        """Note in the caller's transaction what a relation was made from."""
        self._connection.execute(
            "insert or replace into meta.builds values (?, ?, ?)", [relation, fingerprint, rows]
        )
        self._builds[relation] = Built(relation, fingerprint, rows, is_new=False)
        if kind:
            self._kinds[relation] = kind
