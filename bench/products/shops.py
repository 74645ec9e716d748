"""A practice shop's sales and returns in memory, as the detector reads them, with the planted faults kept apart."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from models.products.record import Record
from simulator.goods import CATEGORIES, NEVER, Goods
from simulator.plan import DayPlan, Plan
from simulator.reading import scenario_named
from simulator.scenario import Scenario
from simulator.world import DAY_US, World, world_of

OPENED = date(2025, 1, 6)  # a Monday
_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a shop is. A product sells some seven order lines a week, the best hundreds."""

    products: int = 5000
    weeks: int = 52
    orders_per_day: float = 3000.0


@dataclass(frozen=True, slots=True)
class Shop:
    """What one shop sold and got back, all of it, and what is wrong in truth.

    `sales`: `sku, week_start, order_lines, units_sold, paid_minor, currency`. `incidents`: `sku, week_start, sold_week_start,
    units, reason`, and `sold_day` (its number), `lot`, `country`, which the detector is not shown. `goods`: the truth.
    """

    sales: pl.DataFrame
    incidents: pl.DataFrame
    products: pl.DataFrame
    goods: Goods
    weeks: int

    def until(self, week: int) -> Record:
        """What was known at the end of a week, which is numbered from 0."""
        monday = OPENED + timedelta(weeks=week)
        return Record(
            sales=self.sales.filter(pl.col("week_start") <= monday),
            incidents=self.incidents.filter(pl.col("week_start") <= monday),
            products=self.products,
            this_week=monday,
            share_of_week=1.0,
        )


def shop_of(scenario: str, seed: int, size: Size) -> Shop:
    """Play the plan of a shop."""
    plan = Plan(_rules(scenario, size), seed, size.weeks * 7, size.orders_per_day)
    goods = plan.world.goods
    days = [(_sold(day), _came(day)) for day in plan]
    sales, incidents = (_named(pl.concat(parts), goods) for parts in zip(*days, strict=True))
    return Shop(
        sales=sales.group_by("sku", "week_start")
        .agg(pl.col("order_lines", "units_sold", "paid_minor").sum())
        .with_columns(currency=pl.lit(_CURRENCY))
        .sort("sku", "week_start"),
        incidents=incidents,
        products=catalogue(goods),
        goods=goods,
        weeks=size.weeks,
    )


def world_of_shop(scenario: str, seed: int, size: Size) -> World:
    """The world in which that shop is played, with all its rules."""
    return world_of(_rules(scenario, size), seed, size.weeks * 7, size.orders_per_day)


def catalogue(goods: Goods) -> pl.DataFrame:
    """What the shop says of its products: `sku, category, vendor, parent`."""
    category = [CATEGORIES[each].name for each in goods.category]
    parent = [goods.parent(each) for each in range(len(goods))]
    return pl.DataFrame(
        {"sku": goods.sku, "category": category, "vendor": goods.vendor, "parent": parent},
        schema_overrides={"parent": pl.String},
    )


def is_at_fault(goods: Goods, product: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Whether what was sold of a product on a day has its fault."""
    return np.asarray((goods.fault_from[product] <= day) & (day < goods.fault_end[product]))


def has_begun(goods: Goods, week: int) -> np.ndarray:
    """Which products have sold faulty goods by the end of a week (S,)."""
    began = (goods.fault_from < (week + 1) * 7) & (goods.fault_from < NEVER)
    return np.asarray(began)


def _rules(scenario: str, size: Size) -> Scenario:
    rules = scenario_named(scenario)
    products = rules.shop.model_copy(update={"products": size.products})
    return rules.model_copy(update={"shop": products})


def _sold(day: DayPlan) -> pl.DataFrame:
    """A day's order lines by product."""
    return (
        day.lines.group_by("product")
        .agg(
            order_lines=pl.len().cast(pl.Int64),
            units_sold=pl.col("quantity").sum(),
            paid_minor=(
                pl.col("price_minor") * pl.col("quantity") - pl.col("discount_minor")
            ).sum(),
        )
        .with_columns(week_start=pl.lit(OPENED + timedelta(weeks=day.day // 7)))
    )


def _came(day: DayPlan) -> pl.DataFrame:
    """What comes back of a day's orders, a row a line."""
    week = pl.col("requested_us") // (7 * DAY_US)
    return (
        day.request_lines.join(
            day.requests.select("request", "requested_us", "is_withdrawal"), on="request"
        )
        .join(day.orders.select("order", "country"), on="order")
        .select(
            "product",
            week_start=pl.lit(OPENED) + pl.duration(weeks=week),
            sold_week_start=pl.lit(OPENED + timedelta(weeks=day.day // 7)),
            units="quantity",
            reason=pl.when(~pl.col("is_withdrawal")).then("reason"),
            sold_day=pl.lit(day.day, pl.Int64),
            country="country",
        )
    )


def _named(frame: pl.DataFrame, goods: Goods) -> pl.DataFrame:
    sku = pl.Series("sku", goods.sku).gather(frame["product"])
    return frame.drop("product").insert_column(0, sku)
