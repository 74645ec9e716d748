"""What the two tables of a history have in common: columns by name, demands on rows, times and amounts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from retour.errors import UserError
from retour.importers.files import Table, quoted
from retour.importers.times import read_times, utc_us
from service.domain.events import MOST_MINOR
from service.platform.clock import to_us

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
    if table.columns[column] == "DOUBLE":
        return f"cast(round({quoted(column)}, 6) as varchar)"  # a float's own noise is no decimals
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
            f"{table.path}, line {line}: {demand.column} {value} {demand.said}; "
            f"{_way_out(table, demand, value)}. Nothing was imported"
        )


def _way_out(table: Table, demand: Demand, value: str) -> str:
    if demand.column not in table.columns:
        return f"add a column {demand.column}"
    if re.fullmatch(r"'\d+,\d+'", value):
        return "write it with a decimal point, and mend all lines like it"
    return "mend that line or export the file again"


def _value(connection: duckdb.DuckDBPyConnection, table: Table, column: str, row_n: int) -> str:
    if column not in table.columns:
        return "(not in the table)"
    found = connection.execute(
        f"select {quoted(column)} from {table.view} where retour_row = ?", [row_n]
    ).fetchall()
    return "(empty)" if found[0][0] is None else repr(found[0][0])


def amount(text: str, currency: str) -> str:
    """SQL of a decimal amount in minor units, exactly; null where it has more decimals than its currency."""
    minor = (
        f"{exact(text)} * (case when {currency} in {tuple(_WHOLE)} then 1 "
        f"when {currency} in {tuple(_THOUSANDTHS)} then 1000 else 100 end)"
    )
    return f"case when {minor} = trunc({minor}) then cast({minor} as bigint) end"


def whole_number(text: str) -> str:
    """SQL of a whole number; null where the text is none."""
    return f"case when {exact(text)} = trunc({exact(text)}) then cast({exact(text)} as bigint) end"


def exact(text: str) -> str:
    """SQL of a decimal number; null where the text is none, or has more digits than are compared."""
    number = f"try_cast({text} as decimal(24, 9))"
    return f"case when not regexp_matches({text}, '[.][0-9]{{10}}') then {number} end"


def key_demands(column: str, *, is_required: bool = True) -> tuple[Demand, ...]:
    """What a number or name must be to tell things apart: there, short, and without control characters."""
    demands = (
        Demand(f"length({column}) > 200", column, "is longer than 200 characters"),
        Demand(
            f"regexp_matches({column}, '[\\x00-\\x1f\\x7f]')", column, "holds control characters"
        ),
    )
    return (Demand(f"{column} is null", column, "is empty"), *demands) if is_required else demands


def time_demand(time_us: str, column: str, latest_us: int, had: str = "true") -> Demand:
    """A moment between the first shops and tomorrow, where one is written (`had` is SQL)."""
    possible = f"{time_us} between {_EARLIEST_US} and {latest_us}"
    said = "is not a time between 1990 and now"
    return Demand(f"{had} and coalesce(not ({possible}), true)", column, said)


def worth_demand(minor: str, column: str) -> Demand:
    """An amount (SQL, minor units) that an event can carry."""
    said = f"makes this line worth more than {MOST_MINOR:,} minor units, such as cents"
    return Demand(f"coalesce({minor} > {MOST_MINOR}, false)", column, said)


_EARLIEST_US = to_us(datetime(1990, 1, 1, tzinfo=UTC))


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
