"""What the two tables of a history have in common: columns by name, demands on rows, times and amounts."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from retour.errors import UserError
from retour.importers.files import Table, quoted
from retour.importers.times import read_times, utc_us

# ISO 4217: minor units per unit, where it is not a hundred.
_WHOLE = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
_THOUSANDTHS = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]


@dataclass(frozen=True, slots=True)
class Columns:
    """The names that a table must have, and those that it may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    def checked(self, table: Table) -> Table:
        """The table, if its columns are these. Raises `UserError` naming what is missing or unknown."""
        missing = [name for name in self.required if name not in table.columns]
        unknown = [name for name in table.columns if name not in self.required + self.optional]
        for names, said in ((missing, "has no column"), (unknown, "has an unknown column")):
            if names:
                raise UserError(
                    f"{table.path} {said} {', '.join(names)}; it must have "
                    f"{', '.join(self.required)} and may have {', '.join(self.optional)} "
                    "(docs/import.md)"
                )
        return table

    def text_of(self, table: Table) -> dict[str, str]:
        """SQL of each column as trimmed text; null where it is empty or the table lacks it."""
        return {name: _text(table, name) for name in self.required + self.optional}


def _text(table: Table, column: str) -> str:
    if column not in table.columns:
        return "cast(null as varchar)"
    text = f"nullif(trim(cast({quoted(column)} as varchar)), '')"
    if table.columns[column] == "DOUBLE" and column in _CODES:
        return rf"regexp_replace({text}, '^(\d+)\.0$', '\1')"
    return text


# A workbook or a frame with gaps turns codes into numbers: 17850.0 is customer 17850.
_CODES = ("order_id", "return_id", "sku", "customer", "line_no")


@dataclass(frozen=True, slots=True)
class Demand:
    """A row for which `broken` (SQL) holds is refused; `said` tells what its value in `column` is not."""

    broken: str
    column: str
    said: str

    @staticmethod
    def first_broken(demands: Sequence["Demand"]) -> str:
        """SQL of the number of the first demand that a row breaks, else null."""
        branches = " ".join(f"when {each.broken} then {n}" for n, each in enumerate(demands))
        return f"case {branches} end"


def refuse_bad_rows(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    parsed: str,
    demands: Sequence[Demand],
) -> None:
    """Raise `UserError` naming file, line, column and value of the first row of `parsed` that breaks a demand."""
    bad = connection.execute(
        f"select row_n, line, broken from {parsed} where broken is not null order by row_n limit 1"
    ).fetchall()
    for row_n, line, number in bad:
        demand = demands[number]
        value = _value(connection, table, demand.column, row_n)
        raise UserError(
            f"{table.path}, line {line}: {demand.column} {value} {demand.said}. The file is damaged or "
            "changes its form here: mend that line or export it again. Nothing was imported"
        )


def _value(connection: duckdb.DuckDBPyConnection, table: Table, column: str, row_n: int) -> str:
    if column not in table.columns:
        return "(not in the table)"
    found = connection.execute(
        f"select {quoted(column)} from {table.view} where row_n = ?", [row_n]
    ).fetchall()
    return "(empty)" if found[0][0] is None else repr(found[0][0])


def amount(text: str, currency: str) -> str:
    """SQL of a decimal amount in minor units, exactly; null where it has more decimals than its currency."""
    minor = (
        f"try_cast({text} as decimal(18, 6)) * (case when {currency} in {tuple(_WHOLE)} then 1 "
        f"when {currency} in {tuple(_THOUSANDTHS)} then 1000 else 100 end)"
    )
    return f"case when {minor} = trunc({minor}) then cast({minor} as bigint) end"


def zone_free(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[str], timezone: str
) -> tuple[dict[str, str], str]:
    """SQL of microseconds UTC of each time column, and the zone in which naive times were read ('' if none were).

    Raises `UserError` where times carry no zone and none is given.
    """
    found, zone = {}, ""
    for column in columns:
        if column not in table.columns:
            found[column] = "cast(null as bigint)"
            continue
        times = read_times(connection, table, column)
        earliest, latest = connection.execute(
            f"select min({times.local}), max({times.local}) from {table.view}"
        ).fetchall()[0]
        if earliest is None:
            found[column] = times.zoned_us
            continue
        zone = _zone(table, column, timezone)
        found[column] = f"coalesce({times.zoned_us}, {utc_us(times.local, zone, earliest, latest)})"
    return found, zone


def _zone(table: Table, column: str, timezone: str) -> str:
    if not timezone:
        raise UserError(
            f"{table.path}: times in column {column} are written without a zone; say in which they "
            "are, such as --timezone Europe/London (or RETOUR_TIMEZONE)"
        )
    return timezone
