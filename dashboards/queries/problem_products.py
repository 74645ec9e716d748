"""What the page *Problem products* shows."""

from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl
from babel.numbers import get_currency_precision

from dashboards.queries.frames import frame

_LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
_FITS = r"""
    (sku ilike $like escape '\' or strip_accents(title) ilike strip_accents($like) escape '\')
    and ($category = '' or category = $category)
    and ($vendor = '' or vendor = $vendor)
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader asked for; empty means all."""

    search: str = ""
    category: str = ""
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one product; units over the detector's window, money (minor units) in 30 days."""

    sku: str
    title: str
    status: str
    since: date | None
    lift: float
    lift_low: float
    lift_high: float
    excess_units: float
    units_sold: int
    units_returned: int
    units_expected: float
    window_weeks: int
    likely_cause: str | None
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
    return frame(
        connection,
        f"""
        select sku, title, category, vendor, flagged_at, since, lift, lift_low, lift_high, excess_units,
               likely_cause, money_at_risk_minor, currency, units_sold, units_returned, units_expected,
               window_weeks
        from problem_skus
        where status = 'flagged' and {_FITS}
        order by money_at_risk_minor desc, sku
        """,
        _parameters(choice),
    )


def _parameters(choice: Choice) -> dict[str, object]:
    return {
        "like": f"%{choice.search.translate(_LIKE_ESCAPES)}%",
        "category": choice.category,
        "vendor": choice.vendor,
    }


def evidence(connection: duckdb.DuckDBPyConnection, sku: str) -> Evidence | None:
    """What is known of one product, flagged or not and whatever is filtered; None of one never sold or returned."""
    rows = frame(
        connection,
        f"select {', '.join(Evidence.__annotations__)} from sku_evidence where sku = $sku",
        {"sku": sku},
    )
    return Evidence(**rows.row(0, named=True)) if len(rows) else None


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


def titles(connection: duckdb.DuckDBPyConnection, choice: Choice, limit: int) -> dict[str, str]:
    """Names of products by their number, flagged or not, that fit the choice; flagged ones first, most money at risk first."""
    rows = connection.execute(
        f"""select sku, title from sku_evidence where {_FITS}
            order by status <> 'flagged', money_at_risk_minor desc, sku limit $limit""",
        {**_parameters(choice), "limit": limit},
    ).fetchall()
    return dict(rows)


def weeks(connection: duckdb.DuckDBPyConnection, sku: str) -> pl.DataFrame:
    """A product week by week."""
    return frame(
        connection,
        """select week_start, units_sold, units_returned, units_expected, expected_low, expected_high
           from sku_weekly where sku = $sku order by week_start""",
        {"sku": sku},
    )
