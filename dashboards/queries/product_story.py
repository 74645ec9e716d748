"""What is known of a product: its evidence, its weeks, its reasons, its flag, its peers.

Variants that share a problem are told of together, so most queries take all their numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile
from typing import Literal

import duckdb
import polars as pl

from dashboards.queries.frames import frame
from dashboards.queries.problem_products import FITS, Choice


@dataclass(frozen=True, slots=True)
class Money:
    """What the excess of 30 days of sales amounts to, and what of it is lost for good (minor units)."""

    currency: str
    at_risk_minor: int
    lost_minor: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a product, or of `variants` that share a problem; units since it began."""

    sku: str
    title: str
    category: str | None
    vendor: str | None
    parent: str | None
    status: str
    since: date | None
    has_changed: bool | None
    of_family: bool | None
    lift: float
    lift_low: float
    lift_high: float
    probability: float
    ended: float
    always_high: float
    excess_units: float
    units_sold: int
    units_returned: int
    units_expected: float
    units_of_peers: float
    incidents: int
    incidents_expected: float
    window_weeks: int
    likely_cause: str | None
    culprit_dimension: str | None
    culprit_value: str | None
    suggested_action: str | None
    money: tuple[Money, ...] = ()
    variants: int = 1


@dataclass(frozen=True, slots=True)
class FlagState:
    """The newest flag on a product, and where the buyers are with it."""

    flag_id: str
    status: str
    changed_at: datetime
    action: str | None
    dismissal_reason: str | None


@dataclass(frozen=True, slots=True)
class Peers:
    """Shares of the units sold that came back: of the product, as expected of it, and of so many of the rest of its category
    sold in its place.
    """

    product: float | None
    expected: float | None
    category: float | None
    products: int


Why = Literal[
    "flagged", "dismissed", "not_sold", "ended", "too_few", "always_high", "unsure", "in_line"
]

# What the detector asks of a flag (models/products/detector.py); a test holds both together.
LEAST_PROBABILITY, CERTAIN_ENOUGH, LEAST_INCIDENTS = 0.8, 0.95, 3


def evidence(connection: duckdb.DuckDBPyConnection, sku: str) -> Evidence | None:
    """What is known of one product, flagged or not and whatever is filtered; None of one never sold or returned."""
    names = [each for each in Evidence.__annotations__ if each not in ("money", "variants")]
    rows = frame(
        connection,
        f"""select {", ".join(names)}, currency, money_at_risk_minor, lost_minor
            from sku_evidence where sku = $sku""",
        {"sku": sku},
    )
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    currency, at_risk, lost = (
        row.pop(each) for each in ("currency", "money_at_risk_minor", "lost_minor")
    )
    return Evidence(**row, money=(Money(currency, at_risk, lost),) if currency else ())


def together(variants: Sequence[Evidence]) -> Evidence:
    """What is known of variants that share a problem, the leading one first; of one alone, what is known of it."""
    lead = variants[0]
    if len(variants) == 1:
        return lead
    money: dict[str, Money] = {}
    for each in (each for variant in variants for each in variant.money):
        sum_ = money.get(each.currency, Money(each.currency, 0, 0))
        money[each.currency] = Money(
            each.currency,
            sum_.at_risk_minor + each.at_risk_minor,
            sum_.lost_minor + each.lost_minor,
        )
    return replace(
        lead,
        title=shared_title([each.title for each in variants]),
        excess_units=sum(each.excess_units for each in variants),
        units_sold=sum(each.units_sold for each in variants),
        units_returned=sum(each.units_returned for each in variants),
        units_expected=sum(each.units_expected for each in variants),
        units_of_peers=sum(each.units_of_peers for each in variants),
        incidents=sum(each.incidents for each in variants),
        incidents_expected=sum(each.incidents_expected for each in variants),
        money=tuple(money.values()),
        variants=len(variants),
    )


def shared_title(titles: Sequence[str]) -> str:
    """The words with which the titles of variants begin; the first title where they share none."""
    words = zip(*(each.split() for each in titles), strict=False)
    shared = takewhile(lambda each: len(set(each)) == 1, words)
    return " ".join(each[0] for each in shared) or titles[0]


def flag_state(connection: duckdb.DuckDBPyConnection, sku: str) -> FlagState | None:
    """The newest flag on a product; None where there never was one."""
    rows = frame(
        connection,
        f"""select {", ".join(FlagState.__annotations__)} from product_flags where sku = $sku
            order by flagged_at desc, flag_id desc limit 1""",
        {"sku": sku},
    )
    return FlagState(**rows.row(0, named=True)) if len(rows) else None


def why_not(of: Evidence, flag: FlagState | None) -> Why:
    """Why a product is flagged or not: the first of these that holds."""
    if of.status == "flagged":
        return "dismissed" if flag is not None and flag.status == "dismissed" else "flagged"
    cases: tuple[tuple[Why, bool], ...] = (
        ("not_sold", of.units_sold == 0 and of.since is None),
        ("ended", of.probability >= 0.5 and of.ended >= 0.5),
        ("too_few", of.incidents < LEAST_INCIDENTS),
        ("always_high", of.probability < LEAST_PROBABILITY and of.always_high >= 0.5),
        ("unsure", of.probability >= 0.5),
    )
    return next((why for why, holds in cases if holds), "in_line")


def titles(connection: duckdb.DuckDBPyConnection, choice: Choice, limit: int) -> dict[str, str]:
    """Names of products by their number, flagged or not, that fit the choice; flagged ones first, most money at risk first."""
    rows = connection.execute(
        f"""select sku, title from sku_evidence where {FITS}
            order by status <> 'flagged', at_stake_units desc nulls last, sku limit $limit""",
        {**choice.parameters, "limit": limit},
    ).fetchall()
    return dict(rows)


def weeks(connection: duckdb.DuckDBPyConnection, skus: Sequence[str]) -> pl.DataFrame:
    """Products week by week, added up; their bands as if they came back independently of each other."""
    return frame(
        connection,
        """
        select week_start,
               cast(sum(units_sold) as bigint) as units_sold,
               cast(sum(units_returned) as bigint) as units_returned,
               sum(units_expected) as units_expected,
               sum(units_expected) - sqrt(sum((units_expected - expected_low) ** 2)) as expected_low,
               sum(units_expected) + sqrt(sum((expected_high - units_expected) ** 2)) as expected_high
        from sku_weekly where list_contains($skus, sku)
        group by week_start order by week_start
        """,
        {"skus": list(skus)},
    )


def reasons(connection: duckdb.DuckDBPyConnection, skus: Sequence[str]) -> pl.DataFrame:
    """`reason, incidents, share, category_share`: of the products' returns since, and of their category's; most over first."""
    return frame(
        connection,
        """
        with summed as (
            select reason, sum(incidents) as incidents, sum(category_incidents) as category_incidents
            from sku_reasons where list_contains($skus, sku) group by reason
        )

        select reason, cast(incidents as bigint) as incidents,
               coalesce(incidents / nullif(sum(incidents) over (), 0), 0.0) as share,
               coalesce(category_incidents / nullif(sum(category_incidents) over (), 0), 0.0) as category_share
        from summed order by share - category_share desc, reason
        """,
        {"skus": list(skus)},
    )


def peers(connection: duckdb.DuckDBPyConnection, of: Evidence, skus: Sequence[str]) -> Peers:
    """The products beside their category; without a category, beside the shop's products without one.

    Goods are compared with goods sold in the same weeks: of what was sold lately most is still with the customers.
    """
    rows = connection.execute(
        """select count(*) from sku_evidence
           where coalesce(category, '') = $category and not list_contains($skus, sku)""",
        {"category": of.category or "", "skus": list(skus)},
    ).fetchall()
    sold = of.units_sold
    return Peers(
        product=of.units_returned / sold if sold else None,
        expected=of.units_expected / sold if sold else None,
        category=of.units_of_peers / sold if sold else None,
        products=int(rows[0][0]),
    )
