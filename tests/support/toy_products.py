"""Records of shops that are made up for one test."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from models.products.record import Record

MONDAY = date(2026, 6, 1)
SALES = pl.Schema(
    {
        "sku": pl.String(),
        "week_start": pl.Date(),
        "order_lines": pl.Int64(),
        "units_sold": pl.Int64(),
        "paid_minor": pl.Int64(),
        "currency": pl.String(),
    }
)
INCIDENTS = pl.Schema(
    {
        "sku": pl.String(),
        "week_start": pl.Date(),
        "sold_week_start": pl.Date(),
        "units": pl.Int64(),
        "reason": pl.String(),
    }
)
PRODUCTS = pl.Schema({"sku": pl.String(), "category": pl.String(), "parent": pl.String()})
Rows = list[tuple[Any, ...]]


def monday(week: int) -> date:
    return MONDAY + timedelta(weeks=int(week))


def record(sales: Rows, incidents: Rows, weeks: int, products: Rows | None = None) -> Record:
    """A record of so many weeks, of which the last is over."""
    return Record(
        sales=pl.DataFrame(sales, schema=SALES, orient="row"),
        incidents=pl.DataFrame(incidents, schema=INCIDENTS, orient="row"),
        products=pl.DataFrame(products or [], schema=PRODUCTS, orient="row"),
        this_week=monday(weeks - 1),
        share_of_week=1.0,
    )


def sold_and_returned(
    rng: np.random.Generator,
    sku: str,
    lines: np.ndarray,
    rates: np.ndarray,
    reason: str | None,
    in_a_week: float = 0.5,
) -> tuple[Rows, Rows]:
    """A product's weeks: so many order lines, of which such a share comes back, half of what is still out each week."""
    weeks = len(lines)
    sales: Rows = [
        (sku, monday(week), int(number), int(number), int(number) * 1000, "EUR")
        for week, number in enumerate(lines)
        if number
    ]
    incidents: Rows = []
    for week, (number, rate) in enumerate(zip(lines, rates, strict=True)):
        for lag in rng.geometric(in_a_week, rng.binomial(int(number), float(rate))) - 1:
            if week + lag < weeks:
                incidents.append((sku, monday(week + int(lag)), monday(week), 1, reason))
    return sales, incidents
