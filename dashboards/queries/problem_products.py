"""What the page *Problem products* shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl
from babel.numbers import get_currency_precision

_LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader asked for; empty means all."""

    search: str = ""
    category: str = ""
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """What stands against one flagged product; units over the detector's window, money (minor units) in 30 days."""

    sku: str
    title: str
    since: date | None
    lift: float
    lift_low: float
    lift_high: float
    excess_units: float
    units_sold: int
    units_returned: int
    units_expected: float
    window_weeks: int
    money_at_risk_minor: int
    currency: str | None


@dataclass(frozen=True, slots=True)
class Headline:
    """The figures at the top: units over the detector's window, money (minor units) in 30 days, by currency."""

    products: int
    excess_units: float
    money_at_risk: dict[str, int]


def flagged(connection: duckdb.DuckDBPyConnection, choice: Choice) -> pl.DataFrame:
    """The flagged products, most money at risk first."""
    return _frame(
        connection,
        """
        select sku, title, category, vendor, flagged_at, since, lift, lift_low, lift_high, excess_units,
               likely_cause, money_at_risk_minor, currency, units_sold, units_returned, units_expected,
               window_weeks
        from problem_skus
        where status = 'flagged'
          and ($search = '' or sku ilike $like escape '\\' or title ilike $like escape '\\')
          and ($category = '' or category = $category)
          and ($vendor = '' or vendor = $vendor)
        order by money_at_risk_minor desc, sku
        """,
        {
            "search": choice.search,
            "like": f"%{choice.search.translate(_LIKE_ESCAPES)}%",
            "category": choice.category,
            "vendor": choice.vendor,
        },
    )


def standing_flag(connection: duckdb.DuckDBPyConnection, sku: str) -> Flag | None:
    """What stands against one product, whatever is filtered; None where it is not flagged."""
    rows = _frame(
        connection,
        f"select {', '.join(Flag.__annotations__)} from problem_skus where status = 'flagged' and sku = $sku",
        {"sku": sku},
    )
    return Flag(**rows.row(0, named=True)) if len(rows) else None


def headline(rows: pl.DataFrame) -> Headline:
    """The sums over the products shown."""
    money = rows.drop_nulls("currency").group_by("currency", maintain_order=True)
    sums = money.agg(pl.col("money_at_risk_minor").sum())
    return Headline(
        products=len(rows),
        excess_units=float(rows["excess_units"].sum() or 0.0),
        money_at_risk={str(code): int(minor) for code, minor in sums.iter_rows()},
    )


def whole_money(rows: pl.DataFrame) -> pl.Series:
    """Money at risk in whole units of each row's currency."""
    minor_a_unit = {
        code: 10 ** get_currency_precision(code) for code in rows["currency"].drop_nulls().unique()
    }
    units = rows["currency"].replace_strict(minor_a_unit, default=100, return_dtype=pl.Int64)
    return (rows["money_at_risk_minor"] / units).round(0).alias("money_at_risk")


def values(connection: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    """The categories or vendors among the flagged products."""
    if column not in ("category", "vendor"):
        raise ValueError(f"{column!r} is nothing to filter by; there are category and vendor")
    rows = connection.execute(
        f"select distinct {column} from problem_skus where status = 'flagged' and {column} is not null order by 1"
    ).fetchall()
    return [str(value) for (value,) in rows]


def matching_skus(connection: duckdb.DuckDBPyConnection, search: str, limit: int = 20) -> list[str]:
    """Products, flagged or not, whose number contains the words searched for."""
    rows = connection.execute(
        """select distinct sku from sku_weekly where sku ilike $like escape '\\'
           order by sku limit $limit""",
        {"like": f"%{search.translate(_LIKE_ESCAPES)}%", "limit": limit},
    ).fetchall()
    return [str(sku) for (sku,) in rows]


def weeks(connection: duckdb.DuckDBPyConnection, sku: str) -> pl.DataFrame:
    """A product week by week."""
    return _frame(
        connection,
        """select week_start, units_sold, units_returned, units_expected, expected_low, expected_high
           from sku_weekly where sku = $sku order by week_start""",
        {"sku": sku},
    )


def _frame(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object]
) -> pl.DataFrame:
    frame: pl.DataFrame = connection.sql(sql, params=dict(values)).pl()
    return frame
