"""What was wrong in truth with a shop's products, and what harm it had done by the end of each week."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from bench.products.shops import OPENED, Shop
from simulator.goods import NEVER, REASONS

_ALWAYS_HIGH = 2.0  # the least factor of products that always come back a lot


@dataclass(frozen=True, slots=True)
class Truth:
    """`products`: a row a product at fault: `sku, from_day, end_day, multiplier, reason, excess` (returns in all).

    `harm`: a row for each of them and each week since its fault began: `sku, week, excess, lines`, both counted from the
    beginning of the fault to the end of the week. `always_high`: what always comes back a lot, without a fault.
    """

    products: pl.DataFrame
    harm: pl.DataFrame
    always_high: list[str]


def truth_of(shop: Shop) -> Truth:
    """An incident of goods sold while at fault is 1 - 1 / multiplier excess returns; what is still to come is none."""
    goods, end = shop.goods, shop.weeks * 7
    places = np.flatnonzero(goods.fault_from < min(end, NEVER))
    faulty = pl.DataFrame(
        {
            "sku": [goods.sku[each] for each in places.tolist()],
            "from_day": goods.fault_from[places],
            "end_day": np.minimum(goods.fault_end[places], end),
            "multiplier": goods.fault_factor[places],
            "reason": [REASONS[each] for each in goods.fault_reason[places].tolist()],
        }
    )
    harm = _harm(shop, faulty)
    high = np.flatnonzero(goods.rate_factor >= _ALWAYS_HIGH).tolist()
    return Truth(
        faulty.join(harm.group_by("sku").agg(pl.col("excess").max()), on="sku").sort("sku"),
        harm,
        sorted(goods.sku[each] for each in high),
    )


def _harm(shop: Shop, faulty: pl.DataFrame) -> pl.DataFrame:
    weeks = faulty.select(
        "sku",
        "from_day",
        week=pl.int_ranges(pl.col("from_day") // 7, shop.weeks, dtype=pl.Int64),
    ).explode("week")
    return (
        weeks.join(_excess(shop, faulty), on=["sku", "week"], how="left")
        .join(_lines(shop), on=["sku", "week"], how="left")
        .with_columns(pl.col("excess", "lines").fill_null(0.0))
        .with_columns(lines=pl.col("lines") * _faulty_part())
        .sort("sku", "week")
        .select("sku", "week", pl.col("excess", "lines").cum_sum().over("sku"))
    )


def _excess(shop: Shop, faulty: pl.DataFrame) -> pl.DataFrame:
    return (
        shop.incidents.join(faulty, on="sku")
        .filter(pl.col("sold_day").is_between("from_day", "end_day", closed="left"))
        .group_by("sku", _week())
        .agg(excess=(1 - 1 / pl.col("multiplier")).sum())
    )


def _lines(shop: Shop) -> pl.DataFrame:
    return shop.sales.select("sku", _week(), lines=pl.col("order_lines").cast(pl.Float64))


def _faulty_part() -> pl.Expr:
    """The share of a week that lies after the fault began."""
    return ((7 * (pl.col("week") + 1) - pl.col("from_day")) / 7).clip(0.0, 1.0)


def _week() -> pl.Expr:
    return ((pl.col("week_start") - OPENED).dt.total_days() // 7).alias("week")
