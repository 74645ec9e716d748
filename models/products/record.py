"""What a shop sold and got back, as frames from the warehouse and as arrays of products x weeks (S, W)."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

# The streams of evidence: three reasons that name a fault of the product, and all reasons together.
REASONS = ("defect", "not_as_described", "size_fit")
STREAMS = (*REASONS, "all")
COSTS = pl.Schema(
    {"sku": pl.String(), "currency": pl.String(), "units": pl.Int64(), "lost_minor": pl.Int64()}
)


@dataclass(frozen=True, slots=True)
class Record:
    """What a shop sold and got back until now. Weeks are dates of Mondays; `this_week` is the current one.

    `sales`: `sku, week_start, order_lines, units_sold, paid_minor, currency`; a row per product, week and currency.
    `incidents`: `sku, week_start, sold_week_start` (null if unmatched), `units, reason` (null if not given); a row each.
    `products`: `sku, category, parent` (null if not known); a product that is missing counts as one without either.
    Variants of one parent (sizes, colours) share its listing and its size chart.
    `costs`: `sku, currency, units, lost_minor`: what so many returned units have cost beside their refunds.
    `share_of_week`: how much of the current week has passed, in (0, 1].
    """

    sales: pl.DataFrame
    incidents: pl.DataFrame
    products: pl.DataFrame
    this_week: date
    share_of_week: float
    costs: pl.DataFrame = field(default_factory=lambda: COSTS.to_frame())


@dataclass(frozen=True, slots=True)
class Incidents:
    """Every incident by numbers, (incidents,) each: product, week of return, week of sale (-1 if not known), place of its
    reason in `REASONS` (their number for any other), and units.
    """

    sku: Ints
    week: Ints
    sold_week: Ints
    reason: Ints
    units: Floats


@dataclass(frozen=True, slots=True)
class Grid:
    """`skus` (S,) and `weeks` (W,), the Mondays from the first sale or return to this week.

    Variants of one parent stand together: `families` (S,) numbers the parents 0, 1, … without a gap or a step back;
    a product without one is a family of its own. `peers` (S,) numbers the product's category, -1 for none.
    `order_lines` and `came` are counts (S, W), of sales by week of sale and of incidents by week of return.
    """

    skus: pl.Series
    weeks: pl.Series
    families: Ints
    peers: Ints
    order_lines: Floats
    came: Floats
    incidents: Incidents
    share_of_week: float

    @property
    def shape(self) -> tuple[int, int]:
        """Products and weeks."""
        return self.order_lines.shape[0], self.order_lines.shape[1]


def to_grid(record: Record) -> Grid:
    """Lay the record out as arrays. It must hold a sale or an incident."""
    products = _products(record)
    place = {sku: number for number, sku in enumerate(products["sku"])}
    weeks = _weeks(record)
    shape = (len(products), len(weeks))
    sold = _places(record.sales["sku"], place)
    lines = record.sales["order_lines"].to_numpy()
    incidents = _incidents(record.incidents, place, weeks)
    return Grid(
        skus=products["sku"],
        weeks=weeks,
        families=_ints(products["family"]),
        peers=_ints(products["peer"]),
        order_lines=counted(shape, sold, _week_of(record.sales["week_start"], weeks), lines),
        came=counted(shape, incidents.sku, incidents.week),
        incidents=incidents,
        share_of_week=record.share_of_week,
    )


def counted(
    shape: tuple[int, int], sku: Ints, week: Ints, weights: Floats | Ints | None = None
) -> Floats:
    """Sums of `weights` (1 each where there are none) by product and week, of `shape`."""
    each = np.ones(len(sku)) if weights is None else weights
    cells = np.bincount(sku * shape[1] + week, each, minlength=shape[0] * shape[1])
    sums: Floats = cells.reshape(shape).astype(np.float64, copy=False)
    return sums


def _products(record: Record) -> pl.DataFrame:
    """All that were sold or came back, variants together: `sku, family, peer`."""
    seen = pl.concat([record.sales["sku"], record.incidents["sku"]]).unique().to_frame("sku")
    known = seen.join(record.products, on="sku", how="left")
    # An empty byte keeps a parent's name apart from a product that is called the same.
    family = pl.coalesce(pl.col("parent"), pl.lit("\0") + pl.col("sku"))
    numbered = pl.col("category").rank("dense").cast(pl.Int64) - 1
    return (
        known.with_columns(family=family, peer=numbered.fill_null(-1))
        .sort("family", "sku")
        .select("sku", family=pl.col("family").rle_id().cast(pl.Int64), peer="peer")
    )


def _weeks(record: Record) -> pl.Series:
    starts = pl.concat([record.sales["week_start"], record.incidents["week_start"]])
    first = starts.min()
    start = min(first, record.this_week) if isinstance(first, date) else record.this_week
    return pl.date_range(start, record.this_week, "1w", eager=True).alias("week_start")


def _incidents(incidents: pl.DataFrame, place: dict[str, int], weeks: pl.Series) -> Incidents:
    reasons = {reason: number for number, reason in enumerate(REASONS)}
    sold = _week_of(incidents["sold_week_start"], weeks, unknown=-1)
    week = _week_of(incidents["week_start"], weeks)
    return Incidents(
        sku=_places(incidents["sku"], place),
        week=week,
        sold_week=np.where((sold >= 0) & (sold <= week), sold, -1),
        reason=_ints(
            incidents["reason"].replace_strict(reasons, default=len(REASONS), return_dtype=pl.Int64)
        ),
        units=incidents["units"].to_numpy().astype(np.float64),
    )


def _places(skus: pl.Series, place: dict[str, int]) -> Ints:
    return _ints(skus.replace_strict(place, return_dtype=pl.Int64))


def _week_of(starts: pl.Series, weeks: pl.Series, unknown: int = 0) -> Ints:
    return _ints(((starts - weeks[0]).dt.total_days() // 7).fill_null(unknown))


def _ints(series: pl.Series) -> Ints:
    return series.cast(pl.Int64).to_numpy()
