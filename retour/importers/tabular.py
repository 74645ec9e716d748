"""What the two tables of a history have in common: columns by name, demands on rows, times and amounts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from retour.errors import UserError
from retour.importers.files import ROW_N, Table, quoted
from retour.importers.times import Period, read_times, utc_us

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

# What the events can hold of one line, in minor units.
MOST_MINOR = 10**12
_INTEGERS = [
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
]


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
_CODES = ("order_id", "return_id", "sku", "customer", "line_no", "line")


@dataclass(frozen=True, slots=True)
class Demand:
    """A row for which `broken` (SQL) holds is refused; `said` tells what its value in `column` is not."""

    broken: str
    column: str
    said: str
    way_out: str = "mend that line or export the file again"

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
        way_out = _WITH_A_POINT if re.fullmatch(_WITH_A_COMMA, value) else demand.way_out
        raise UserError(
            f"{table.path}, line {line}: {demand.column} {value} {demand.said}; {way_out}. "
            "Nothing was imported"
        )


_WITH_A_COMMA = r"'[-+]?[0-9.]*,[0-9]+'"
_WITH_A_POINT = "use a decimal point and nothing between thousands"


def _value(connection: duckdb.DuckDBPyConnection, table: Table, column: str, row_n: int) -> str:
    if column not in table.columns:
        return "(not in the table)"
    found = connection.execute(
        f"select {quoted(column)} from {table.view} where {ROW_N} = ?", [row_n]
    ).fetchall()
    return "(empty)" if found[0][0] is None else repr(found[0][0])


def key_demands(column: str, limit: int = 200, name: str = "") -> tuple[Demand, ...]:
    """What a key must be for the service to hold it; `name` is the file's own, where that differs."""
    said = f"is longer than {limit} characters"
    return Demand(f"length({column}) > {limit}", name or column, said), printable(column, name)


def printable(column: str, name: str = "") -> Demand:
    """PostgreSQL cannot hold NUL, and no identifier needs the other control characters."""
    broken = rf"regexp_matches({column}, '[\x00-\x1f\x7f]')"
    return Demand(broken, name or column, "holds a control character, such as a line break")


def whole_number(table: Table, column: str) -> str:
    """SQL of a column's whole number; null where it is none, for nothing is rounded."""
    if table.columns.get(column) in _INTEGERS:
        return f"try_cast({quoted(column)} as bigint)"
    text = _text(table, column)
    is_whole = f"regexp_full_match({text}, '[+-]?[0-9]+([.]0*)?')"
    return f"case when {is_whole} then try_cast({text} as bigint) end"


def amount(table: Table, column: str, currency: str) -> str:
    """SQL of a decimal amount in minor units, exactly; null where it has more decimals than its currency."""
    minor = (
        f"{_decimal(table, column)} * cast(case when {currency} in {tuple(_WHOLE)} then 1 "
        f"when {currency} in {tuple(_THOUSANDTHS)} then 1000 else 100 end as decimal(4, 0))"
    )
    return f"case when try_cast({minor} as bigint) = {minor} then try_cast({minor} as bigint) end"


def _decimal(table: Table, column: str) -> str:
    """A binary fraction is off by less than a billionth (0.1 + 0.2); what was written is taken as it is."""
    if table.columns.get(column) == "DOUBLE":
        return f"try_cast({quoted(column)} as decimal(28, 9))"
    text = _text(table, column)
    fits = f"regexp_full_match({text}, '[+-]?[0-9]*[.]?[0-9]{{0,6}}0*')"
    return f"case when {fits} then try_cast({text} as decimal(28, 6)) end"


def zone_free(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Sequence[str],
    timezone: str,
    period: Period,
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
            f"""select min(local), max(local) from (select {times.local} as local from {table.view})
                where {period.nearly_holds("local")}"""
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
