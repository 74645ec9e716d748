"""The words that customers use of a product and not of its neighbours."""

from collections.abc import Sequence

import duckdb
import polars as pl

from dashboards.queries.frames import frame


def leading(connection: duckdb.DuckDBPyConnection, language: str) -> pl.DataFrame:
    """`sku, phrase, comments`: the most telling phrase of each product, in a language where it has one in it."""
    return frame(
        connection,
        """
        select sku, phrase, comments from sku_phrases
        qualify row_number() over (
            partition by sku order by language <> $language, place, comments desc, phrase
        ) = 1
        order by sku
        """,
        {"language": language},
    )


def phrases(connection: duckdb.DuckDBPyConnection, skus: Sequence[str]) -> pl.DataFrame:
    """`phrase, language, comments, share, usual_share` of products that share a problem, the most telling first.

    What several of them say alike is told once, as the one says it that has most customers for it.
    """
    return frame(
        connection,
        """
        select phrase, language, comments, share, usual_share
        from sku_phrases where list_contains($skus, sku)
        qualify row_number() over (partition by language, phrase order by comments desc, sku) = 1
        order by place, comments desc, phrase, language
        """,
        {"skus": list(skus)},
    )
