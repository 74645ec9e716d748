"""Reads a table from .csv, .xlsx or .parquet into the workspace, as view `<name>_raw`, every row with its place.

The view has the file's own columns and types, and beside them `retour_row` (order in the file), `retour_sheet`
(of a workbook, else null) and `retour_line` (in the sheet or file, the heading being line 1).
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
        if is_disk_full(str(broken)):
            raise
        raise UserError(
            f"{path} cannot be read to its end ({_first_line(broken)}); fetch or export it again. "
            "Nothing was imported"
        ) from broken


def is_disk_full(reason: str) -> bool:
    """Whether an error's words say that there is no space left."""
    return "No space left" in reason or "disk is full" in reason


_PLACES = ("retour_row", "retour_sheet", "retour_line")


def quoted(column: str) -> str:
    """A column's name as SQL text."""
    return '"' + column.replace('"', '""') + '"'


# --- parquet -----------------------------------------------------------------------------------


def _read_parquet(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    try:
        connection.execute(
            f"""create view {name}_raw as
                select * exclude (file_row_number), file_row_number as retour_row,
                       cast(null as varchar) as retour_sheet, file_row_number + 1 as retour_line
                from read_parquet({_file(path)}, file_row_number = true)"""
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
            f"""create table {name}_file as select * from read_csv({_file(path)},
                    auto_detect = false, header = true, delim = '{delimiter}', quote = '"',
                    escape = '"', strict_mode = true, null_padding = false,
                    encoding = '{encoding}', columns = {{{columns}}})"""
        )
    except duckdb.Error as broken:
        if is_disk_full(str(broken)):
            raise
        raise _csv_error(path, broken) from broken
    ((rows,),) = connection.execute(f"select count(*) from {name}_file").fetchall()
    if _line_breaks(path) == rows + 1:
        line, lines = "rowid + 2", ""
    else:
        _register_lines(connection, path, name, encoding, delimiter)
        line, lines = "place.line", f"join {name}_lines as place on place.n = {name}_file.rowid"
    connection.execute(
        f"""create view {name}_raw as
            select {name}_file.*, {name}_file.rowid as retour_row,
                   cast(null as varchar) as retour_sheet, {line} as retour_line
            from {name}_file {lines}"""
    )


def _line_breaks(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))


def _register_lines(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, encoding: str, delimiter: str
) -> None:
    """The first line of each record, where blank lines or line breaks in texts set them apart."""
    lines = []
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        before = 0
        for record in reader:
            if record:
                lines.append(before + 1)
            before = reader.line_num
    frame = pl.DataFrame({"line": lines[1:]}).with_row_index("n")
    connection.register("lines_frame", frame)
    connection.execute(f"create table {name}_lines as select * from lines_frame")
    connection.unregister("lines_frame")


def _csv_error(path: Path, broken: duckdb.Error) -> UserError:
    found = re.search(r"Line:\s*(\d+)", str(broken))
    place = f", line {found.group(1)}" if found else ""
    why = re.search(r"(Expected Number of Columns.*|.*quote.*|.*Value with.*)", str(broken))
    reason = why.group(1).strip() if why else _first_line(broken)
    return UserError(
        f"{path}{place}: the table breaks off or changes its form here ({reason}); "
        "mend that line or export the file again. Nothing was imported"
    )


_OPENINGS = {
    b"\x1f\x8b": "is compressed (gzip); unpack it first",
    b"PK": "is a zip archive or a workbook; unpack it, or name it .xlsx",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
}


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        opening = file.read(2)
    if opening in _OPENINGS:
        raise UserError(f"{path} {_OPENINGS[opening]}. Nothing was imported")
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
    if len({name.lower() for name in heading}) < len(heading) or not all(heading):
        raise UserError(
            f"{path}, line 1: column names are missing or appear twice ({', '.join(heading)}); "
            "the first line must name each column once"
        )
    if not heading:
        raise UserError(f"{path}, line 1: it is empty; the first line must name the columns")
    return heading, delimiter


# --- xlsx --------------------------------------------------------------------------------------


def _read_xlsx(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    try:
        sheets = pl.read_excel(path, sheet_id=0, raise_if_empty=False, drop_empty_rows=False)
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
    together = pl.concat(frames, how="vertical_relaxed").with_row_index("retour_row")
    connection.register(f"{name}_frame", together)
    connection.execute(f"create table {name}_file as select * from {name}_frame")
    connection.unregister(f"{name}_frame")
    connection.execute(f"create view {name}_raw as select * from {name}_file")


def _placed(frame: pl.DataFrame, sheet: str) -> pl.DataFrame:
    numbered = frame.with_columns(
        retour_sheet=pl.lit(sheet), retour_line=pl.int_range(2, pl.len() + 2, dtype=pl.Int64)
    )
    return numbered.filter(~pl.all_horizontal(pl.col(frame.columns).is_null()))


def _file(path: Path) -> str:
    """A path as SQL text that means this one file: DuckDB reads every file that a pattern fits."""
    return _literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
