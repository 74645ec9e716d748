"""Reads a table from .csv, .xlsx or .parquet into the workspace, as view `<name>_raw`, every row with its place.

The view has the file's own columns and types, and beside them `row_n` (order in the file), `sheet`
(of a workbook, else null) and `line` (in the sheet or file, the heading being line 1).
"""

import codecs
import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from retour.errors import UserError

_FORMATS = (".csv", ".xlsx", ".parquet")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was read: where it came from, its view, and its columns' DuckDB types."""

    path: Path
    view: str
    columns: dict[str, str]


def read_table(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Table:
    """Make the view `<name>_raw`. Raises `UserError` on what is no such file, or no whole one."""
    if not path.is_file():
        raise UserError(f"there is no file {path}; give the path of a {', '.join(_FORMATS)} file")
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise UserError(f"{path} is not one of {', '.join(_FORMATS)}; save it as one of them")
    try:
        {".csv": _read_csv, ".xlsx": _read_xlsx, ".parquet": _read_parquet}[suffix](
            connection, path, name
        )
    except PermissionError as refused:
        raise UserError(f"cannot read {path} ({refused.strerror}); make it readable") from refused
    view = f"{name}_raw"
    described = connection.execute(f"describe {view}").fetchall()
    columns = {column: str(type_) for column, type_, *_ in described}
    return Table(path, view, {k: v for k, v in columns.items() if k not in _PLACES})


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Around a first pass over a file: damage that shows only in its midst is the file's, not ours."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # ours
    except duckdb.Error as broken:
        raise UserError(
            f"{path} cannot be read to its end ({_first_line(broken)}); fetch or export it again. "
            "Nothing was imported"
        ) from broken


_PLACES = ("row_n", "sheet", "line")


def quoted(column: str) -> str:
    """A column's name as SQL text."""
    return '"' + column.replace('"', '""') + '"'


# --- parquet -----------------------------------------------------------------------------------


def _read_parquet(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    literal = _literal(path)
    try:
        connection.execute(
            f"""create view {name}_raw as
                select * exclude (file_row_number), file_row_number as row_n,
                       cast(null as varchar) as sheet, file_row_number + 1 as line
                from read_parquet({literal}, file_row_number = true)"""
        )
        connection.execute(f"select count(*) from {name}_raw").fetchall()
    except duckdb.Error as broken:
        raise UserError(
            f"{path} is not a whole Parquet file ({_first_line(broken)}); fetch or export it again"
        ) from broken


# --- csv ---------------------------------------------------------------------------------------


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    encoding = _encoding(path)
    _refuse_cut_end(path)
    heading, delimiter = _heading(path, encoding)
    columns = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in heading)
    try:
        connection.execute(
            f"""create table {name}_file as select * from read_csv({_literal(path)},
                    auto_detect = false, header = true, delim = '{delimiter}', quote = '"',
                    escape = '"', strict_mode = true, null_padding = false,
                    encoding = '{encoding}', columns = {{{columns}}})"""
        )
    except duckdb.Error as broken:
        raise _csv_error(path, broken) from broken
    connection.execute(
        f"""create view {name}_raw as select *, rowid as row_n, cast(null as varchar) as sheet,
            rowid + 2 as line from {name}_file"""
    )


def _csv_error(path: Path, broken: duckdb.Error) -> UserError:
    found = re.search(r"Line:\s*(\d+)", str(broken))
    place = f", line {found.group(1)}" if found else ""
    why = re.search(r"(Expected Number of Columns.*|.*quote.*|.*Value with.*)", str(broken))
    reason = why.group(1).strip() if why else _first_line(broken)
    return UserError(
        f"{path}{place}: the table breaks off or changes its form here ({reason}); "
        "mend that line or export the file again. Nothing was imported"
    )


def _encoding(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def _refuse_cut_end(path: Path) -> None:
    """A file cut within its last column still has every column: only the missing line end shows it."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            raise UserError(f"{path} is empty; fetch or export it again")
        file.seek(-1, 2)
        if file.read(1) not in b"\r\n":
            raise UserError(
                f"{path} does not end with a line break, so its last line may be cut off; fetch or "
                f"export it again, or, if it is whole, add one: echo >> {path}. Nothing was imported"
            )


def _heading(path: Path, encoding: str) -> tuple[list[str], str]:
    python_encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    with path.open(encoding=python_encoding, newline="") as file:
        first = file.readline(_BLOCK)
    delimiter = max(",;\t", key=first.count)
    heading = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if len(set(heading)) < len(heading) or not all(heading):
        raise UserError(f"{path}, line 1: column names are missing or appear twice: {heading}")
    return heading, delimiter


# --- xlsx --------------------------------------------------------------------------------------


def _read_xlsx(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    try:
        sheets = pl.read_excel(path, sheet_id=0, raise_if_empty=False)
    except Exception as broken:  # the reader's own error classes are not public
        raise UserError(
            f"{path} is not a whole Excel workbook ({_first_line(broken)}); fetch or save it again"
        ) from broken
    frames = [_placed(frame, sheet) for sheet, frame in sheets.items() if not frame.is_empty()]
    if not frames:
        raise UserError(f"{path} has no rows on any sheet; fetch or save it again")
    if any(frame.columns != frames[0].columns for frame in frames):
        raise UserError(
            f"{path}: its sheets have different columns; keep those that belong together"
        )
    together = pl.concat(frames, how="vertical_relaxed").with_row_index("row_n")
    connection.register(f"{name}_frame", together)
    connection.execute(f"create table {name}_file as select * from {name}_frame")
    connection.unregister(f"{name}_frame")
    connection.execute(f"create view {name}_raw as select * from {name}_file")


def _placed(frame: pl.DataFrame, sheet: str) -> pl.DataFrame:
    return frame.with_columns(
        sheet=pl.lit(sheet), line=pl.int_range(2, pl.len() + 2, dtype=pl.Int64)
    )


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
