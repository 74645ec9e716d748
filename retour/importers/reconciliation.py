"""The account of an import: every row that was read is sold, returned or set aside; units likewise."""

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from retour.importers.source import Source
from service.history.commands import Taken

_STRETCH = 100_000
_BATCH = 50_000


@dataclass(frozen=True, slots=True)
class SetAsideReason:
    """Rows set aside for one reason; units with the sign that the file gives them."""

    reason: str
    rows: int
    units: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Rows and units by what became of them. `content_sha256` is of the rows' meaning, not of the file's bytes."""

    rows_sold: int
    units_sold: int
    rows_returned: int
    units_returned: int
    units_matched: int
    set_aside: tuple[SetAsideReason, ...]
    content_sha256: str

    @property
    def rows_read(self) -> int:
        return self.rows_sold + self.rows_returned + sum(each.rows for each in self.set_aside)

    @property
    def units_read(self) -> int:
        """Net units: what was sold, less what came back, and what was set aside."""
        return self.units_sold - self.units_returned + sum(each.units for each in self.set_aside)


def reconcile(connection: duckdb.DuckDBPyConnection) -> Reconciliation:
    """Count what the source became."""
    rows_sold, units_sold = _count(connection, "sold", "quantity")
    rows_returned, units_returned = _count(connection, "returned", "quantity")
    _, units_matched = _count(connection, "matches", "quantity")
    reasons = connection.execute(
        """select reason, count(*), cast(sum(units) as bigint) from set_aside
           group by reason order by count(*) desc, reason"""
    ).fetchall()
    return Reconciliation(
        rows_sold,
        units_sold,
        rows_returned,
        units_returned,
        units_matched,
        tuple(SetAsideReason(*row) for row in reasons),
        _content(connection),
    )


def _count(connection: duckdb.DuckDBPyConnection, relation: str, units: str) -> tuple[int, int]:
    row = connection.execute(
        f"select count(*), coalesce(cast(sum({units}) as bigint), 0) from {relation}"
    ).fetchall()[0]
    return int(row[0]), int(row[1])


# The same table as .csv, .xlsx and .parquet has the same content, so lines and sheets are left out.
_MEANING = {
    "sold": """order_id, line_no, time_us, delivered_us, customer, currency, country, sku, title,
               category, vendor, quantity, unit_price_minor""",
    "returned": """return_id, time_us, customer, currency, order_id, sku, quantity,
                   unit_price_minor, reason, received_us, refunded_us, refund_minor, outcome,
                   grade""",
    "set_aside": "reason, units",
}


def _content(connection: duckdb.DuckDBPyConnection) -> str:
    """SHA-256 over the rows in the file's order, a stretch at a time so that memory stays flat."""
    whole = hashlib.sha256()
    for relation, columns in _MEANING.items():
        values = ", ".join(
            f"coalesce(cast({column} as varchar), chr(30))" for column in columns.split(",")
        )
        whole.update(relation.encode())
        (last,) = connection.execute(f"select coalesce(max(row_n), -1) from {relation}").fetchall()
        for first in range(0, last[0] + 1, _STRETCH):
            ((digest,),) = connection.execute(
                f"""select sha256(string_agg(concat_ws(chr(31), {values}), chr(29) order by row_n))
                    from {relation} where row_n between ? and ?""",
                [first, first + _STRETCH - 1],
            ).fetchall()
            whole.update((digest or "").encode())
    return whole.hexdigest()


@contextmanager
def listed_set_aside(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, account: Reconciliation
) -> Iterator[Path]:
    """The file with reason and place of each row that was set aside: in its place once the block has succeeded.

    It is written before, so that a full disk stops an import that can still be stopped. No rows, no file.
    """
    path = folder / f"{name}-{account.content_sha256[:12]}-set-aside.csv"
    draft = path.with_suffix(".draft")
    try:
        if account.set_aside:
            _write_set_aside(connection, draft)
        yield path
        if account.set_aside:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _write_set_aside(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    cursor = connection.cursor()
    cursor.execute("select reason, sheet, line, units from set_aside order by row_n")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("reason", "sheet", "line", "units"))
        while rows := cursor.fetchmany(_BATCH):
            writer.writerows(rows)


def print_reconciliation(
    console: Console, source: Source, account: Reconciliation, taken: Taken, set_aside: Path
) -> None:
    """What was read and what became of it, then what was new and how to see it."""
    console.print(_table(source, account))
    unmatched = account.units_returned - account.units_matched
    console.print(
        f"Of the units returned, {account.units_matched:,} were matched to an earlier order "
        f"and {unmatched:,} were not."
    )
    for note in source.notes:
        console.print(f"Note: {note}.")
    if account.set_aside:
        console.print(f"Rows set aside, each with its reason and line: {set_aside}")
    console.print(_said(taken))
    if taken.new_events:
        console.print("`retour refresh` brings it to the dashboards.")


def _table(source: Source, account: Reconciliation) -> Table:
    names = ", ".join(path.name for path in source.paths)
    table = Table(
        "", "rows", "units", title=f"{names}, read by {source.name}", title_justify="left"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("read", f"{account.rows_read:,}", f"{account.units_read:,}", end_section=True)
    table.add_row("sold", f"{account.rows_sold:,}", f"{account.units_sold:,}")
    table.add_row("returned", f"{account.rows_returned:,}", f"{-account.units_returned:,}")
    for each in account.set_aside:
        table.add_row(f"set aside: {each.reason}", f"{each.rows:,}", f"{each.units:,}")
    return table


def _said(taken: Taken) -> str:
    differing = " and ".join(
        f"{len(keys):,} {noun}{'' if len(keys) == 1 else 's'}"
        for noun, keys in taken.differing.items()
        if keys
    )
    kept = f" Kept as first recorded, although the file differs: {differing}."
    if not taken.new_events:
        return f"Nothing new: all of it was imported before.{kept if differing else ''}"
    known = f", {taken.known_events:,} were known" if taken.known_events else ""
    return f"{taken.new_events:,} events are new{known}.{kept if differing else ''}"
