"""What changed in a table, kept until all that follow it have seen it.

Each change of a table has a number, its version; `changes.<layer>__<name>` holds the rows that it added and took away. Where
too many gather, or nobody could use them, they are dropped: whoever has not seen them is made in full.
"""

import duckdb

from pipelines.warehouse.catalogue import Catalogue, Standing
from pipelines.warehouse.opening import first_row

VERSION_COLUMN = "_version"
KEPT_SHARE = 0.2  # of a table's rows: beyond that, following costs as much as making anew
KEPT_ROWS = 10_000
CHANGED = "select * exclude (_n) from temp.changed"


class Changes:
    """The changes of all tables. Every call is part of its caller's transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self._connection, self._catalogue = connection, catalogue

    def after(self, relation: str, version: int) -> str:
        """A SELECT of the rows that were added or taken away after a version."""
        return f"select * from {_table(relation)} where {VERSION_COLUMN} > {version:d}"  # our own names

    def are_followed(self, standing: Standing) -> bool:
        """Whether anybody has seen the table as it stands, and could go on with what changes in it."""
        return any(self._waiting(standing))

    def compare(self, old: str, new: str, columns: str = "*") -> tuple[int, int]:
        """Leave in `temp.changed` the rows by which two tables differ, `_n` times more often in the new; returns `size`."""
        self._connection.execute(
            "create or replace temp table changed as select * exclude (_n), sum(_n) as _n from ("
            f"select {columns}, 1 as _n from {new} union all select {columns}, -1 as _n from {old}"
            ") group by all having sum(_n) <> 0"
        )
        return self.size()

    def size(self) -> tuple[int, int]:
        """How many of the rows in `temp.changed` came, and how many went."""
        row = first_row(
            self._connection,
            "select coalesce(sum(_n) filter (where _n > 0), 0), coalesce(-sum(_n) filter (where _n < 0), 0) "
            "from temp.changed",
        )
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def keep(self, standing: Standing, rows_sql: str) -> int:
        """Keep the rows of the table's next version; returns after which version the changes are known."""
        following, table = standing.version + 1, _table(standing.relation)
        waiting = self._waiting(standing)
        if not waiting:
            return self.forget(standing)
        self._connection.execute(
            f"create table if not exists {table} as "
            f"select cast(0 as bigint) as {VERSION_COLUMN}, * from {standing.relation} where false"
        )
        self._connection.execute(f"delete from {table} where {VERSION_COLUMN} <= {min(waiting):d}")
        added = first_row(
            self._connection,
            f"insert into {table} by name select {following:d} as {VERSION_COLUMN}, * from ({rows_sql})",
        )
        if min(waiting) < standing.version:
            added = first_row(self._connection, f"select count(*) from {table}")  # our own names
        kept = int(added[0]) if added else 0
        if kept > max(KEPT_ROWS, KEPT_SHARE * (standing.rows or 0)):
            return self.forget(standing)
        return standing.since

    def forget(self, standing: Standing) -> int:
        """Keep nothing of what led to the table's next version; returns that version."""
        self._connection.execute(f"drop table if exists {_table(standing.relation)}")
        return standing.version + 1

    def _waiting(self, standing: Standing) -> list[int]:
        """How far those are that can still follow."""
        followers = self._catalogue.followers(standing.relation)
        return [position for position in followers if position >= standing.since]


def _table(relation: str) -> str:
    return f"changes.{relation.replace('.', '__')}"
