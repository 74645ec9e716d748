"""What is known of one product: its evidence, its weeks, its reasons, its flag, its peers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import duckdb
import polars as pl

from dashboards.queries.frames import frame
from dashboards.queries.problem_products import FITS, Choice


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one product; units since its problem began, money (minor units) in 30 days."""

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
    incidents: int
    incidents_expected: float
    window_weeks: int
    likely_cause: str | None
    culprit_dimension: str | None
    culprit_value: str | None
    suggested_action: str | None
    money_at_risk_minor: int
    lost_minor: int
    currency: str | None


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
    """Shares of the units sold that came back: of the product, as expected of it, of the rest of its category."""

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
    rows = frame(
        connection,
        f"select {', '.join(Evidence.__annotations__)} from sku_evidence where sku = $sku",
        {"sku": sku},
    )
    return Evidence(**rows.row(0, named=True)) if len(rows) else None


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
            order by status <> 'flagged', money_at_risk_minor desc, sku limit $limit""",
        {**choice.parameters, "limit": limit},
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


def reasons(connection: duckdb.DuckDBPyConnection, sku: str) -> pl.DataFrame:
    """`reason, incidents, share, category_share`: of the product's returns since, and of its category's; most over first."""
    return frame(
        connection,
        """select reason, incidents,
                  coalesce(incidents / nullif(incidents_given, 0), 0.0) as share,
                  coalesce(category_incidents / nullif(category_incidents_given, 0), 0.0) as category_share
           from sku_reasons where sku = $sku
           order by share - category_share desc, reason""",
        {"sku": sku},
    )


def peers(connection: duckdb.DuckDBPyConnection, of: Evidence) -> Peers:
    """The product beside its category; without a category, beside the shop's products without one."""
    rows = connection.execute(
        """select sum(units_returned) / nullif(sum(units_sold), 0), count(*) from sku_evidence
           where coalesce(category, '') = $category and sku <> $sku""",
        {"category": of.category or "", "sku": of.sku},
    ).fetchall()
    share, products = rows[0]
    sold = of.units_sold
    return Peers(
        product=of.units_returned / sold if sold else None,
        expected=of.units_expected / sold if sold else None,
        category=share,
        products=int(products),
    )
