"""A query's answer as a frame, or as its only row."""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl


def frame(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """The rows of a SELECT whose `$names` are the values."""
    rows: pl.DataFrame = connection.sql(sql, params=dict(values or {})).pl()
    return rows


def only_row(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object] | None = None
) -> tuple[Any, ...]:
    """The one row of a SELECT that gives exactly one."""
    (row,) = connection.execute(sql, dict(values or {})).fetchall()
    return tuple(row)
