"""What a shop sold and got back, as frames from the warehouse and as arrays of products x weeks (S, W)."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from models.products.expected import Floats, Ints


@dataclass(frozen=True, slots=True)
class Record:
    """What a shop sold and got back until now. Weeks are dates of Mondays; `this_week` is the current one.

    `sales`: `sku, week_start, order_lines, units_sold, paid_minor, currency`; a row per product, week and currency.
    `incidents`: `sku, week_start, sold_week_start` (null if unmatched), `units, reason` (null if not given); a row each.
    `products`: `sku, category` (null if not known); a product that is missing counts as one without category.
    `share_of_week`: how much of the current week has passed, in (0, 1].
    """

    sales: pl.DataFrame
    incidents: pl.DataFrame
    products: pl.DataFrame
    this_week: date
    share_of_week: float


@dataclass(frozen=True, slots=True)
class Grid:
    """`skus` (S,), sorted, and `weeks` (W,), the Mondays from the first sale or return to this week.

    `order_lines`, `incidents` are counts (S, W). `incident_sku` numbers the product of each incident, `incident_units`
    its units. `peers` (S,) numbers the product's category, -1 for none.
    """

    skus: pl.Series
    weeks: pl.Series
    order_lines: Floats
    incidents: Floats
    incident_sku: Ints
    incident_units: Floats
    peers: Ints


def to_grid(record: Record) -> Grid:
    """Lay the record out as arrays. It must hold a sale or an incident."""
    skus = pl.concat([record.sales["sku"], record.incidents["sku"]]).unique().sort()
    weeks = _weeks(record)
    shape = (len(skus), len(weeks))
    sold_sku, incident_sku = _numbers(record.sales, skus), _numbers(record.incidents, skus)
    return Grid(
        skus=skus,
        weeks=weeks,
        order_lines=_counted(
            shape, sold_sku, record.sales, weeks, record.sales["order_lines"].to_numpy()
        ),
        incidents=_counted(
            shape, incident_sku, record.incidents, weeks, np.ones(len(record.incidents))
        ),
        incident_sku=incident_sku,
        incident_units=record.incidents["units"].to_numpy().astype(np.float64),
        peers=_peers(skus, record.products),
    )


def lags_and_ages(record: Record) -> tuple[Ints, Ints]:
    """Of each incident whose sale is known: weeks from sale to return, and from sale to now."""
    matched = record.incidents.drop_nulls("sold_week_start")
    lags = (matched["week_start"] - matched["sold_week_start"]).dt.total_days() // 7
    ages = (pl.lit(record.this_week) - pl.col("sold_week_start")).dt.total_days() // 7
    return _ints(lags), _ints(matched.select(ages.alias("age"))["age"])


def _weeks(record: Record) -> pl.Series:
    starts = pl.concat([record.sales["week_start"], record.incidents["week_start"]])
    first = starts.min()
    start = min(first, record.this_week) if isinstance(first, date) else record.this_week
    return pl.date_range(start, record.this_week, "1w", eager=True).alias("week_start")


def _numbers(frame: pl.DataFrame, skus: pl.Series) -> Ints:
    return skus.search_sorted(frame["sku"]).to_numpy().astype(np.int64)


def _counted(
    shape: tuple[int, int], sku: Ints, frame: pl.DataFrame, weeks: pl.Series, counts: Floats | Ints
) -> Floats:
    week = _ints((frame["week_start"] - weeks[0]).dt.total_days() // 7)
    cells = np.bincount(sku * shape[1] + week, weights=counts, minlength=shape[0] * shape[1])
    counted: Floats = cells.reshape(shape).astype(np.float64)
    return counted


def _peers(skus: pl.Series, products: pl.DataFrame) -> Ints:
    known = pl.DataFrame({"sku": skus}).join(products, on="sku", how="left", maintain_order="left")
    numbered = known["category"].rank("dense").cast(pl.Int64) - 1
    return _ints(numbered.fill_null(-1))


def _ints(series: pl.Series) -> Ints:
    return series.cast(pl.Int64).to_numpy()
