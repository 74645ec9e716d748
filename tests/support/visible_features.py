"""What a service can see of an application at the moment it is made: of itself, and of what was there before it.

Everything is as of that moment: an order counts once it is placed, an application once it is made, a finding once the goods
have been looked at.
"""

import polars as pl
from planned import Planned

from simulator.goods import CATEGORIES, REASONS
from simulator.plan import Plan
from simulator.weighing import found
from simulator.world import DAY_US, HOUR_US

_INSPECTED_DAYS = 9


def visible_features(shop: Planned) -> pl.DataFrame:
    """One row an application in order of time: `request`, `requested_us`, what it is in truth, and the `FEATURES`."""
    orders, requests = shop.orders, shop.requests
    asked = requests.join(orders.drop("customer", "kind"), on="order", maintain_order="left")
    first_us = orders.group_by("customer").agg(first_us=pl.col("placed_us").min())
    inspected_us = pl.col("requested_us") + _INSPECTED_DAYS * DAY_US
    findings = requests.filter(pl.Series(found(requests, shop.request_lines)))
    histories = {
        "orders_before": _before(asked, orders.select("customer", us="placed_us")),
        "returns_before": _before(asked, requests.select("customer", us=pl.col("requested_us") + 1)),
        "findings_before": _before(asked, findings.select("customer", us=inspected_us)),
        "claims_before": _before(asked, shop.claims.join(orders.select("order", "customer"), on="order").select("customer", us="claimed_us")),
        "at_address": _before(asked, _accounts(orders, "address"), by="address"),
        "at_device": _before(asked, _accounts(orders, "device"), by="device"),
    }  # fmt: skip
    return (
        asked.with_columns(pl.Series(name, values) for name, values in histories.items())
        .join(first_us, on="customer", maintain_order="left")
        .join(_of_order(shop.lines), on="order", maintain_order="left")
        .join(_of_lines(shop.plan, shop.request_lines), on="request", maintain_order="left")
        .with_columns(
            days=(pl.col("requested_us") - pl.col("delivered_us")) / DAY_US,
            delivery_days=(pl.col("delivered_us") - pl.col("placed_us")) / DAY_US,
            tenure_days=(pl.col("requested_us") - pl.col("first_us")) / DAY_US,
            is_night=pl.col("requested_us") % DAY_US < 6 * HOUR_US,
            return_rate=pl.col("returns_before") / pl.col("orders_before"),
            share_of_order=pl.col("lines") / pl.col("order_lines"),
        )
        .with_columns(log_days=pl.col("days").log(), log_value=pl.col("value_minor").log())
        .select("request", "requested_us", "kind", "is_abusive", "is_withdrawal", pl.col(FEATURES).cast(pl.Float64))
        .sort("requested_us")
    )  # fmt: skip


_OF_REASONS = [f"says_{each}" for each in REASONS]
_OF_CATEGORIES = [f"has_{each.name}" for each in CATEGORIES]
FEATURES = [
    "orders_before", "returns_before", "return_rate", "findings_before", "claims_before", "tenure_days",
    "at_address", "at_device", "days", "log_days", "delivery_days", "is_night", "brackets", "is_discounted",
    "order_lines", "share_of_order", "lines", "units", "most_units", "log_value", "dearest_level", "mean_level",
    *_OF_REASONS, *_OF_CATEGORIES,
]  # fmt: skip


def _before(asked: pl.DataFrame, events: pl.DataFrame, *, by: str = "customer") -> pl.Series:
    """How many events (`us`, and whose) there were before each application."""
    questions = asked.select(by, us="requested_us", counts=pl.lit(0), row=pl.int_range(pl.len()))
    counted = events.select(by, "us", counts=pl.lit(1), row=pl.lit(-1, dtype=pl.Int64))
    return (
        pl.concat([counted, questions.cast({"counts": pl.Int32})])
        .sort(by, "us", "row")
        .with_columns(pl.col("counts").cum_sum().over(by))
        .filter(pl.col("row") >= 0)
        .sort("row")["counts"]
    )


def _accounts(orders: pl.DataFrame, name: str) -> pl.DataFrame:
    """When each customer was first seen at an address or a device."""
    return orders.group_by(name, "customer").agg(us=pl.col("placed_us").min())


def _of_order(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.group_by("order").agg(order_lines=pl.len())


def _of_lines(plan: Plan, request_lines: pl.DataFrame) -> pl.DataFrame:
    goods, product = plan.world.goods, request_lines["product"]
    known = request_lines.with_columns(
        level=pl.Series(plan.world.level).gather(product),
        category=pl.Series(goods.category).gather(product),
        price_minor=pl.Series(goods.price_minor).gather(product),
    )
    return known.group_by("request").agg(
        *((pl.col("reason") == each).any().alias(f"says_{each}") for each in REASONS),
        *((pl.col("category") == at).any().alias(f"has_{each.name}") for at, each in enumerate(CATEGORIES)),
        lines=pl.len(),
        units=pl.col("quantity").sum(),
        most_units=pl.col("quantity").max(),
        value_minor=(pl.col("price_minor") * pl.col("quantity")).sum(),
        dearest_level=pl.col("level").max(),
        mean_level=pl.col("level").mean(),
    )  # fmt: skip
