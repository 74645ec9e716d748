"""Reads a table from .csv, .xlsx or .parquet into the workspace, as view `<name>_raw`, every row with its place.

The view has the file's own columns and types, and beside them, under names that no file has, `ROW_N` (order
in the file), `SHEET` (of a workbook, else null) and `LINE` (where the row begins in the sheet or file, the
heading being line 1).
"""

import codecs
import csv
import glob
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import duckdb
import polars as pl

from retour.errors import UserError

ROW_N, SHEET, LINE = "_retour_row_n", "_retour_sheet", "_retour_line"
_FORMATS = (".csv", ".xlsx", ".parquet")
_BLOCK = 1 << 20
_BATCH = 50_000
csv.field_size_limit(2 * _BLOCK)  # as long as DuckDB lets a line be


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was read: where it came from, its view, and its columns' DuckDB types."""

    path: Path
    view: str
    columns: dict[str, str]


def read_table(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, encoding: str = ""
) -> Table:
    """Make the view `<name>_raw`. Raises `UserError` on what is no such file, or no whole one.

    A .csv is read as written in `encoding`; where none is told, as UTF-8, or as Latin-1 where it can be that.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}; give the path of a {', '.join(_FORMATS)} file")
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise UserError(f"{path} is not one of {', '.join(_FORMATS)}; save it as one of them")
    try:
        if suffix == ".csv":
            _read_csv(connection, path, name, encoding)
        elif suffix == ".xlsx":
            _read_xlsx(connection, path, name)
        else:
            _read_parquet(connection, path, name)
    except PermissionError as refused:
        raise UserError(f"cannot read {path} ({refused.strerror}); make it readable") from refused
    view = f"{name}_raw"
    described = connection.execute(f"describe {view}").fetchall()
    columns = {column: str(type_) for column, type_, *_ in described}
    return Table(path, view, {k: v for k, v in columns.items() if k not in (ROW_N, SHEET, LINE)})


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Around a first pass over a file: damage that shows only in its midst is the file's, not ours."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # ours
    except duckdb.Error as broken:
        _raise_if_no_room(broken)
        raise UserError(
            f"{path} cannot be read to its end ({_first_line(broken)}); fetch or export it again. "
            "Nothing was imported"
        ) from broken


def _raise_if_no_room(error: duckdb.Error) -> None:
    """Re-raise what is the fault of this machine's disk or memory, not of the file that is read."""
    if isinstance(error, duckdb.OutOfMemoryException) or "No space left" in str(error):
        raise error


def quoted(column: str) -> str:
    """A column's name as SQL text."""
    return '"' + column.replace('"', '""') + '"'


# --- parquet -----------------------------------------------------------------------------------


def _read_parquet(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    source = f"read_parquet({_file_literal(path)}, hive_partitioning = false)"
    try:
        columns = [
            column
            for column, *_ in connection.execute(f"describe select * from {source}").fetchall()
        ]
        connection.execute(
            f"""create view {name}_raw as
                select *, {_parquet_row_n(columns)} as {ROW_N},
                       cast(null as varchar) as {SHEET}, {ROW_N} + 2 as {LINE}
                from {source}"""
        )
        connection.execute(f"select count(*) from {name}_raw").fetchall()
    except duckdb.Error as broken:
        _raise_if_no_room(broken)
        raise UserError(
            f"{path} is not a whole Parquet file ({_first_line(broken)}); fetch or export it again"
        ) from broken


def _parquet_row_n(columns: Sequence[str]) -> str:
    """SQL of a row's number. A file's own column of that name hides the reader's, which is the faster one."""
    if "file_row_number" in map(str.lower, columns):
        return "row_number() over () - 1"
    return "file_row_number"


# --- csv ---------------------------------------------------------------------------------------

_HIGH = re.compile(rb"[\x80-\xff]+")
_IN_NO_LATIN_1 = re.compile(rb"[\x80-\x9f]")
_NO_TEXT = {
    b"\xff\xfe": "UTF-16; save it as UTF-8, or say --encoding utf-16",
    b"\xfe\xff": "UTF-16; save it as UTF-8, or say --encoding utf-16",
    b"\x1f\x8b": "compressed with gzip; unpack it first",
}


@dataclass(frozen=True, slots=True)
class _Csv:
    """How a file is written: its encoding as Python says it, and what stands between its values."""

    path: Path
    encoding: str
    delimiter: str

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record after the line on which it begins; a blank line is an empty record."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            reader, first = csv.reader(file, delimiter=self.delimiter), 1
            for record in reader:
                yield first, record
                first = reader.line_num + 1

    def line_of(self, record_n: int) -> int:
        """On which line a record begins; the heading is record 1."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            for _ in islice(reader, record_n - 1):
                pass
            return reader.line_num + 1


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path, name: str, told: str) -> None:
    if told:
        encoding = _python_name(told)
        source, sources_encoding = _as_utf8(connection, path, encoding, name), "utf-8"
    else:
        _refuse_no_text(path)
        encoding = _found_encoding(path)
        source, sources_encoding = path, encoding.removesuffix("-sig")
    _refuse_cut_end(path, source)
    heading, delimiter = _heading(path, encoding)
    file = _Csv(path, encoding, delimiter)
    columns = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in heading)
    try:
        ((rows,),) = connection.execute(
            f"""create table {name}_file as select * from read_csv({_file_literal(source)},
                    auto_detect = false, header = true, delim = '{delimiter}', quote = '"',
                    escape = '"', strict_mode = true, null_padding = false,
                    hive_partitioning = false,
                    encoding = '{sources_encoding}', columns = {{{columns}}})"""
        ).fetchall()
    except duckdb.Error as broken:
        _raise_if_no_room(broken)
        raise _csv_error(file, broken) from broken
    line, lines = "rowid + 2", ""
    if _breaks(source) != rows + 1:
        _find_lines(connection, file, name, rows)
        line, lines = "first_line", f"positional join {name}_lines"
    connection.execute(
        f"""create view {name}_raw as
            select {name}_file.*, {name}_file.rowid as {ROW_N}, cast(null as varchar) as {SHEET},
                   {line} as {LINE}
            from {name}_file {lines}"""
    )


def _find_lines(connection: duckdb.DuckDBPyConnection, file: _Csv, name: str, rows: int) -> None:
    """Make `<name>_lines`: where each row begins, in a file with blank lines or line breaks within quotes."""
    connection.execute(f"create table {name}_lines (first_line bigint)")
    begins = (line for line, record in file.records() if record)
    next(begins, None)  # the heading
    wanted = islice(begins, rows)
    while batch := list(islice(wanted, _BATCH)):
        connection.register("line_batch", pl.DataFrame({"first_line": batch}))
        connection.execute(f"insert into {name}_lines select * from line_batch")
        connection.unregister("line_batch")


def _csv_error(file: _Csv, broken: duckdb.Error) -> UserError:
    found = re.search(r"Line:\s*(\d+)", str(broken))
    place = f", line {file.line_of(int(found.group(1)))}" if found else ""
    why = re.search(r"(Expected Number of Columns.*|.*quote.*|.*Value with.*)", str(broken))
    reason = why.group(1).strip() if why else _first_line(broken)
    return UserError(
        f"{file.path}{place}: the table breaks off or changes its form here ({reason}); "
        "mend that line or export the file again. Nothing was imported"
    )


def _refuse_no_text(path: Path) -> None:
    with path.open("rb") as file:
        found = _NO_TEXT.get(file.read(2))
    if found:
        raise UserError(f"{path} is {found}. Nothing was imported")


def _python_name(told: str) -> str:
    """What Python calls an encoding of texts; UTF-8 may begin with a mark."""
    try:
        "a".encode(told)
        name = codecs.lookup(told).name
    except (LookupError, ValueError) as unknown:
        raise UserError(
            f"{told!r} is no encoding that is known here; write one such as utf-8, gb18030 or windows-1252"
        ) from unknown
    return "utf-8-sig" if name == "utf-8" else name


def _as_utf8(connection: duckdb.DuckDBPyConnection, path: Path, encoding: str, name: str) -> Path:
    """A copy in the workspace, for DuckDB reads few encodings."""
    ((spill,),) = connection.execute("select current_setting('temp_directory')").fetchall()
    copy = Path(spill).with_name(f"{name}.csv")
    try:
        with (
            path.open(encoding=encoding, newline="") as read,
            copy.open("w", encoding="utf-8", newline="") as written,
        ):
            shutil.copyfileobj(read, written, _BLOCK)
    except UnicodeError as broken:
        raise UserError(
            f"{path} is not written in {encoding} from its beginning to its end; "
            "name another with --encoding, or save it as UTF-8. Nothing was imported"
        ) from broken
    return copy


def _breaks(source: Path) -> int:
    """How many line breaks a file has."""
    with source.open("rb") as file:
        return sum(block.count(b"\n") for block in _blocks(file))


def _found_encoding(path: Path) -> str:
    """UTF-8, or Latin-1 where it can be that. Raises `UserError` on what looks like neither."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        if all(_decodes(decoder, block) for block in _blocks(file)) and _decodes(
            decoder, b"", final=True
        ):
            return "utf-8-sig"
        file.seek(0)
        is_latin_1 = _may_be_latin_1(file)
    if not is_latin_1:
        raise UserError(
            f"{path} is neither UTF-8 nor Latin-1, as far as can be told; say how it is written, such as --encoding gb18030 "
            "(Excel in China) or --encoding windows-1252 (Excel in Western Europe). Nothing was imported"
        )
    return "latin-1"


def _may_be_latin_1(file: BinaryIO) -> bool:
    """Latin-1 has no characters from 80 to 9F, where Windows has its quotes and the euro.

    Its letters beyond ASCII stand among others; where most stand side by side, two bytes are a character of East Asia.
    """
    high = side_by_side = 0
    for block in _blocks(file):
        if _IN_NO_LATIN_1.search(block):
            return False
        runs = [len(run) for run in _HIGH.findall(block)]
        high += sum(runs)
        side_by_side += sum(length for length in runs if length > 1)
    return 2 * side_by_side <= high


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_cut_end(path: Path, source: Path) -> None:
    """A file cut within its last column still has every column: only the missing line end shows it."""
    with source.open("rb") as file:
        if file.seek(0, 2) == 0:
            raise UserError(f"{path} is empty; fetch or export it again")
        file.seek(-1, 2)
        if file.read(1) not in b"\r\n":
            raise UserError(
                f"{path} does not end with a line break, so its last line may be cut off; fetch or "
                f"export it again, or, if it is whole, add one: echo >> {path}. Nothing was imported"
            )


def _heading(path: Path, encoding: str) -> tuple[list[str], str]:
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline(_BLOCK)
    if not first.strip():
        raise UserError(
            f"{path}, line 1 is blank, but must hold the names of the columns; delete it"
        )
    delimiter = max(",;\t", key=first.count)
    heading = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    if not all(heading):
        raise UserError(f"{path}, line 1: a column has no name: {', '.join(heading)}; name it")
    _refuse_doubles(path, heading)
    return heading, delimiter


def _refuse_doubles(path: Path, heading: Sequence[str]) -> None:
    """Capitals do not tell columns apart: SQL takes `SKU` and `sku` for one."""
    seen: dict[str, str] = {}
    for name in heading:
        if name.lower() in seen:
            raise UserError(
                f"{path}: the columns {seen[name.lower()]} and {name} have one name; rename or remove one"
            )
        seen[name.lower()] = name


# --- xlsx --------------------------------------------------------------------------------------


def _read_xlsx(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    try:
        sheets = pl.read_excel(path, sheet_id=0, raise_if_empty=False, drop_empty_rows=False)
    except Exception as broken:  # the reader's own error classes are not public
        raise UserError(
            f"{path} is not a whole Excel workbook ({_first_line(broken)}); fetch or save it again"
        ) from broken
    placed = [_placed(frame, sheet) for sheet, frame in sheets.items() if not frame.is_empty()]
    frames = [frame for frame in placed if not frame.is_empty()]
    if not frames:
        raise UserError(f"{path} has no rows on any sheet; fetch or save it again")
    if any(frame.columns != frames[0].columns for frame in frames):
        raise UserError(
            f"{path}: its sheets have different columns; keep those that belong together"
        )
    _refuse_doubles(path, frames[0].columns)
    together = pl.concat(frames, how="vertical_relaxed").with_row_index(ROW_N)
    connection.register(f"{name}_frame", together)
    connection.execute(f"create table {name}_file as select * from {name}_frame")
    connection.unregister(f"{name}_frame")
    connection.execute(f"create view {name}_raw as select * from {name}_file")


def _placed(frame: pl.DataFrame, sheet: str) -> pl.DataFrame:
    """A sheet's rows with their places; then those that are empty are left out."""
    lines = pl.int_range(2, pl.len() + 2, dtype=pl.Int64)
    placed = frame.with_columns(pl.lit(sheet).alias(SHEET), lines.alias(LINE))
    return placed.filter(pl.any_horizontal(pl.col(frame.columns).is_not_null()))


def _file_literal(path: Path) -> str:
    """SQL of a path that stands for this file alone: `*`, `?` and `[` in it are no patterns."""
    return _literal(glob.escape(str(path.absolute())))


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
