"""What buyers did about products, and whether it worked."""

from collections.abc import Sequence

import duckdb
import polars as pl

from dashboards.queries.frames import frame
from dashboards.queries.problem_products import FITS, Choice

VERDICTS = ("worked", "did_not", "too_early")


def actions(connection: duckdb.DuckDBPyConnection, choice: Choice) -> pl.DataFrame:
    """The actions on products that fit the choice, the newest first."""
    return frame(
        connection,
        f"select * from sku_actions where {FITS} order by taken_at desc, action_id",
        choice.parameters,
    )


def actions_on(connection: duckdb.DuckDBPyConnection, skus: Sequence[str]) -> pl.DataFrame:
    """The actions on some products, the newest first."""
    return frame(
        connection,
        "select * from sku_actions where list_contains($skus, sku) order by taken_at desc, action_id",
        {"skus": list(skus)},
    )


def counted(rows: pl.DataFrame) -> dict[str, int]:
    """How many actions worked, did not, and are too young to tell."""
    return {verdict: len(rows.filter(pl.col("verdict") == verdict)) for verdict in VERDICTS}
