"""A table for reading and the same rows as CSV for taking along.

What is read has headings, words and numbers of the reader's language; the CSV has the marts' names and codes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from dashboards.parts.frame import View
from dashboards.texts import Texts
from retour.spreadsheet import csv_text

Kind = Literal[
    "text", "sentences", "number", "hours", "share", "score", "moment", "flag", "verdict"
]
_ROW_PX, _HEADING_PX = 35, 38
_NUMBERS: dict[str, str] = {
    "number": "localized",
    "hours": "%.1f",
    "share": "%.1f %%",
    "score": "%.2f",
}
_MARKS = {"flag": ("✓", ""), "verdict": ("✓", "✗")}


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is read: its heading, what its values are, the words of its codes, its definition.

    `sentences` are those that the pipeline left, in the reader's language. `many`: a value holds several codes with commas between them.
    """

    title: str
    kind: Kind = "text"
    words: Mapping[str, str] | None = None
    definition: str | None = None
    width: int | None = None
    many: bool = False


def show_table(
    view: View,
    rows: pl.DataFrame,
    columns: Mapping[str, Column],
    file: str,
    *,
    whole: Callable[[], pl.DataFrame] | None = None,
    longest: int = 12,
) -> None:
    """Show `columns` of the rows, and offer `file`.csv with all columns of them, or of the `whole` they begin."""
    st.dataframe(
        readable(rows, columns, view).to_pandas(),
        hide_index=True,
        height=_HEADING_PX + _ROW_PX * min(max(1, len(rows)), longest),
        row_height=_ROW_PX,
        placeholder="–",
        column_config={column.title: _config(column) for column in columns.values()},
    )
    offer_csv(view.texts, whole or (lambda: rows), file)


def offer_csv(texts: Texts, rows: Callable[[], pl.DataFrame], file: str) -> None:
    """A button that hands the rows over as they are: the marts' names and codes, the same in every language.

    They are asked for when somebody takes them.
    """
    st.download_button(
        texts("Download as CSV"),
        lambda: csv_text(rows()),
        file_name=f"{file}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"csv {file}",
        type="tertiary",
        on_click="ignore",
    )


def readable(rows: pl.DataFrame, columns: Mapping[str, Column], view: View) -> pl.DataFrame:
    """The columns under their headings, their codes in words and their moments in the shop's time."""
    return rows.select(
        _read(pl.col(name), column, view).alias(column.title) for name, column in columns.items()
    )


def _read(values: pl.Expr, column: Column, view: View) -> pl.Expr:
    texts = view.texts
    if column.kind == "moment":
        return view.local(values)
    if column.kind == "sentences":
        return values.map_elements(texts.sentences, return_dtype=pl.String).fill_null("")
    if column.kind == "number":
        return values.round(0)
    if column.kind == "share":
        return values * 100
    if column.kind in _MARKS:
        yes, no = _MARKS[column.kind]
        return pl.when(values).then(pl.lit(yes)).otherwise(pl.lit(no))
    if column.words is not None:
        known = {code: texts(word) for code, word in column.words.items()}
        if column.many:
            return values.str.split(",").list.eval(pl.element().replace(known)).list.join(", ")
        return values.replace(known).fill_null("")
    return values.fill_null("") if column.kind == "text" else values


def _config(column: Column) -> ColumnConfig:
    about, width = column.definition, column.width
    if column.kind in _NUMBERS:
        pattern = _NUMBERS[column.kind]
        return st.column_config.NumberColumn(format=pattern, help=about, width=width)
    if column.kind == "moment":
        return st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", help=about, width=width)
    return st.column_config.TextColumn(help=about, width=width)
