"""What the list of *Problem products* shows: rows to answer, and the figures above them.

Sizes and colours of one product that share a problem are one row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import polars as pl

from dashboards.queries.frames import frame

STATES = ("open", "acted", "dismissed")
NEW_DAYS = 7
_TREND_WEEKS = 4
_SURE = 1.2816  # nine of ten times an unchanged product's weeks differ by less (standard deviations, one side)
_LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
FITS = r"""
    (sku ilike $like escape '\' or strip_accents(title) ilike strip_accents($like) escape '\')
    and ($category = '' or category = $category)
    and ($vendor = '' or vendor = $vendor)
"""
NEWEST_FLAGS = """
    select * from product_flags
    qualify row_number() over (partition by sku order by flagged_at desc, flag_id desc) = 1
"""

# Column by column, so that a publication of another version is refused by name.
_SHOWN = """
    problem.sku, problem.title, problem.category, problem.vendor, problem.parent, problem.of_family,
    problem.flagged_at, problem.since, problem.has_changed, problem.stream, problem.lift,
    problem.lift_low, problem.lift_high, problem.probability, problem.excess_units,
    problem.likely_cause, problem.culprit_dimension, problem.culprit_value,
    problem.suggested_action, problem.money_at_risk_minor, problem.lost_minor, problem.currency,
    problem.at_stake_units, problem.units_sold, problem.units_returned, problem.units_expected, problem.window_weeks
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader asked for; empty means all."""

    search: str = ""
    category: str = ""
    vendor: str = ""

    @property
    def parameters(self) -> dict[str, object]:
        """What `FITS` is bound to."""
        return {
            "like": f"%{self.search.translate(_LIKE_ESCAPES)}%",
            "category": self.category,
            "vendor": self.vendor,
        }


@dataclass(frozen=True, slots=True)
class Headline:
    """Sums over flagged products: units over the detector's window, money (minor units) in 30 days, by currency."""

    products: int
    excess_units: float
    money_at_risk: dict[str, int]


@dataclass(frozen=True, slots=True)
class WeekOfReturns:
    """What was paid for the units asked back in a week, and the band of an ordinary week (minor units)."""

    week_start: date
    currency: str
    returned_minor: int
    expected_minor: int
    expected_low_minor: int
    expected_high_minor: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a buyer answered a flag since the data were made; `at` is in UTC, without a zone as in the marts."""

    status: str
    action: str | None
    at: datetime


def flagged_count(connection: duckdb.DuckDBPyConnection) -> int:
    """How many products are flagged."""
    rows = connection.execute(
        "select count(*) from problem_skus where status = 'flagged'"
    ).fetchall()
    return int(rows[0][0])


def flagged(connection: duckdb.DuckDBPyConnection, choice: Choice) -> pl.DataFrame:
    """The flagged products with where the buyers are with them, most money at risk first, whatever its currency.

    `state` is open (nobody has acted yet), acted or dismissed. `excess_low` to `money_high` carry the interval of the
    lift over to units and money.
    """
    return frame(
        connection,
        f"""
        with newest as ({NEWEST_FLAGS}),

        shown as (
            select {_SHOWN}, newest.flag_id, newest.status as answer, newest.action, newest.owner_key,
                   newest.changed_at, newest.dismissal_reason,
                   case when problem.lift > 1 then greatest(problem.lift_low - 1, 0) / (problem.lift - 1) else 0 end as low,
                   case when problem.lift > 1 then (problem.lift_high - 1) / (problem.lift - 1) else 1 end as high
            from problem_skus as problem left join newest on newest.sku = problem.sku
            where problem.status = 'flagged'
        )

        select * exclude (low, high),
               case when answer in ('acted', 'dismissed') then answer else 'open' end as state,
               excess_units * low as excess_low,
               excess_units * high as excess_high,
               money_at_risk_minor * low as money_low,
               money_at_risk_minor * high as money_high
        from shown
        where {FITS}
        order by at_stake_units desc nulls last, excess_units desc, sku
        """,
        choice.parameters,
    )


def with_answers(rows: pl.DataFrame, answers: Mapping[str, Answer]) -> pl.DataFrame:
    """The flagged products with what was answered since the data were made, by flag."""
    told = [
        answers[flag_id]
        if flag_id in answers and (changed_at is None or changed_at < answers[flag_id].at)
        else None
        for flag_id, changed_at in rows.select("flag_id", "changed_at").iter_rows()
    ]
    status = pl.Series([each and each.status for each in told], dtype=pl.String)
    action = pl.Series([each and each.action for each in told], dtype=pl.String)
    state = pl.when(status.is_in(["acted", "dismissed"])).then(status).otherwise(pl.lit("open"))
    return rows.with_columns(
        state=pl.when(status.is_not_null()).then(state).otherwise("state"),
        action=pl.coalesce(action, "action"),
        answer=pl.coalesce(status, "answer"),
    )


def families(rows: pl.DataFrame) -> pl.DataFrame:
    """The flagged products as they are shown, most money first: one row for all variants that share a problem, led by the dearest.

    What is dear is told by `at_stake_units`, as money of different currencies cannot be compared. Units are those of all variants. Adds `skus`, `titles`, `flag_ids` (lists, the leading product's first), `variants` (count) and
    `money`: a list of `currency, minor, low, high` (minor units).
    """
    shared = pl.when(pl.col("of_family") & pl.col("parent").is_not_null())
    family = shared.then(pl.concat_str([pl.lit("of "), "parent"])).otherwise("sku")
    keys = ["family", "state", "stream"]
    units = ["excess_units", "excess_low", "excess_high"]
    named = rows.with_columns(family.alias("family"))
    first = [each for each in rows.columns if each not in (*keys, *units, "at_stake_units")]
    money = (
        named.drop_nulls("currency")
        .group_by(*keys, "currency", maintain_order=True)
        .agg(
            minor=pl.col("money_at_risk_minor").sum(),
            low=pl.col("money_low").sum().round(0).cast(pl.Int64),
            high=pl.col("money_high").sum().round(0).cast(pl.Int64),
        )
        .group_by(*keys, maintain_order=True)
        .agg(money=pl.struct("currency", "minor", "low", "high"))
    )
    return (
        named.group_by(*keys, maintain_order=True)
        .agg(
            pl.col(first).first(),
            pl.col(units).sum(),
            pl.col("sku").alias("skus"),
            pl.col("title").alias("titles"),
            pl.col("flag_id").drop_nulls().alias("flag_ids"),
            pl.len().alias("variants"),
            pl.col("at_stake_units").sum(),
        )
        .sort("at_stake_units", descending=True, maintain_order=True)
        .drop("at_stake_units", "money_at_risk_minor")
        .join(money, on=keys, how="left", nulls_equal=True, maintain_order="left")
    )


def courses(
    connection: duckdb.DuckDBPyConnection, today: date, new_since: datetime
) -> pl.DataFrame:
    """Whether flagged products get worse: `sku, course` - new, worse, better or steady.

    New is a flag since `new_since` (UTC). Else what came back in the last four whole weeks is compared with the four weeks
    before, each against what was expected of it: a binomial share (Przyborowski & Wilenski, Biometrika 31, 1940), called
    worse or better where an unchanged product would show that one time in ten.
    """
    monday = today - timedelta(days=today.weekday())
    return frame(
        connection,
        f"""
        with weeks as (
            select sku, week_start >= $later as is_later, sum(units_returned) as returned,
                   sum(units_expected) as expected
            from sku_weekly
            where week_start >= $earlier and week_start < $monday group by all
        ),

        halves as (
            select sku, sum(returned) as n,
                   sum(case when is_later then returned else 0 end) as k,
                   sum(case when is_later then expected else 0 end) / nullif(sum(expected), 0) as p
            from weeks group by sku
        ),

        scores as (
            select sku, case when n > 0 and p > 0 and p < 1 then (k - n * p) / sqrt(n * p * (1 - p)) end as score
            from halves
        )

        select problem.sku,
               case when problem.flagged_at >= $new_since then 'new'
                    when scores.score > {_SURE} then 'worse'
                    when scores.score < -{_SURE} then 'better'
                    else 'steady' end as course
        from problem_skus as problem left join scores on scores.sku = problem.sku
        where problem.status = 'flagged' order by problem.sku
        """,
        {
            "monday": monday,
            "later": monday - timedelta(weeks=_TREND_WEEKS),
            "earlier": monday - timedelta(weeks=2 * _TREND_WEEKS),
            "new_since": new_since,
        },
    )


def headline(rows: pl.DataFrame) -> Headline:
    """The sums over the products shown."""
    money = rows.drop_nulls("currency").group_by("currency", maintain_order=True)
    sums = money.agg(pl.col("money_at_risk_minor").sum())
    return Headline(
        products=len(rows),
        excess_units=float(rows["excess_units"].sum() or 0.0),
        money_at_risk={str(code): int(minor) for code, minor in sums.iter_rows()},
    )


def last_week(connection: duckdb.DuckDBPyConnection, today: date) -> list[WeekOfReturns]:
    """The last whole week before the shop's day, a row per currency, that of most products first; empty where nothing was sold."""
    monday = today - timedelta(days=today.weekday())
    rows = frame(
        connection,
        f"""
        with products as (select currency, count(*) as products from sku_evidence group by currency)

        select {", ".join(f"week.{each}" for each in WeekOfReturns.__annotations__)}
        from returns_money_weekly as week left join products on products.currency = week.currency
        where week.week_start = $week order by coalesce(products.products, 0) desc, week.currency
        """,
        {"week": monday - timedelta(weeks=1)},
    )
    return [WeekOfReturns(**row) for row in rows.iter_rows(named=True)]


def safety_reports(connection: duckdb.DuckDBPyConnection) -> int:
    """How many reports that something is not safe are open."""
    rows = connection.execute(
        "select cast(coalesce(sum(still_open), 0) as bigint) from cases_daily where kind = 'safety'"
    ).fetchall()
    return int(rows[0][0])


def values(connection: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    """The categories or vendors among the flagged products."""
    if column not in ("category", "vendor"):
        raise ValueError(f"{column!r} is nothing to filter by; there are category and vendor")
    rows = connection.execute(
        f"select distinct {column} from problem_skus where status = 'flagged' and {column} is not null order by 1"
    ).fetchall()
    return [str(value) for (value,) in rows]


def summed_by(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """The flagged products by category or vendor and currency, the dearest first: `products, excess_units, money_at_risk_minor`."""
    dear = pl.col("at_stake_units")
    return (
        rows.group_by(column, "currency", maintain_order=True)
        .agg(
            pl.len().alias("products"),
            pl.col("excess_units").sum(),
            pl.col("money_at_risk_minor").sum(),
            dear.sum(),
        )
        .sort(
            dear.sum().over(column), dear, column, descending=[True, True, False], nulls_last=True
        )
        .drop("at_stake_units")
    )
