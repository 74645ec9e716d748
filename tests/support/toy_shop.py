"""Toy relations that follow orders, of every kind of refresh, and orders for them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.domain.events import OrderLine, OrderPlaced
from service.platform.clock import to_us

MONDAY = datetime(2024, 3, 4, 9, tzinfo=UTC)

ORDERS = """
select orders.order_id, orders.customer_key as customer, orders.country, orders.discount_minor, orders.time, orders.seq
from lake.order_placed as orders"""

CUSTOMERS = """
select
    orders.customer,
    min(orders.time) as first_at,
    max(orders.time) as last_at,
    max(orders.country) as last_word,
    cast(sum(orders.discount_minor) as bigint) as discount_minor,
    cast(sum(orders.discount_minor) filter (where orders.country = 'NL') as bigint) as discount_nl_minor,
    coalesce(cast(sum(case when orders.country = 'NL' then 1 end) as bigint), 0) as orders_nl,
    count(*) as orders,
    count(orders.country) as orders_told,
    bool_or(orders.country = 'NL') as was_nl,
    bool_and(orders.country = 'NL') as is_always_nl,
    arg_max(orders.country, orders.seq) as country,
    arg_min(orders.country, orders.seq) as first_country,
    arg_max(orders.order_id, orders.seq) filter (where orders.discount_minor > 0) as last_discounted,
    min(orders.time) filter (where orders.country is null) as untold_at
from staging.orders as orders
group by orders.customer"""

CUSTOMER_COLUMNS = (
    "customer", "first_at", "last_at", "last_word", "discount_minor", "discount_nl_minor", "orders_nl", "orders",
    "orders_told", "was_nl", "is_always_nl", "country", "first_country", "last_discounted", "untold_at",
)  # fmt: skip

LINES = """
select lines.subject as order_id, lines.line_no, lines.sku, lines.quantity, orders.customer_key as customer,
    cast(lines.time + zone.offset_seconds * interval '1' second as date) as day
from lake.order_placed_lines as lines
inner join lake.order_placed as orders on orders.seq = lines.seq
inner join meta.zone_offsets as zone on lines.time >= zone.starts_at and lines.time < zone.ends_at"""

LATEST = """
select customers.customer, cast(customers.last_at as date) as day, customers.orders,
    customers.country is null as is_open
from intermediate.customers as customers"""

LATEST_DAILY = """
select latest.day, latest.is_open, count(*) as customers, quantile_disc(latest.orders, 0.5) as median_orders
from intermediate.latest as latest group by latest.day, latest.is_open"""

SOLD_DAILY = """
select sold.day, cast(sum(sold.quantity) as bigint) as units, count(distinct sold.sku) as products
from staging.sold as sold group by sold.day"""

WAITING = """
select latest.day, count(*) as customers,
    cast(max(date_diff('day', latest.day, cast(now.as_of as date))) as bigint) as days_waited
from intermediate.latest as latest cross join intermediate.now as now
where latest.is_open group by latest.day"""

BY_COUNTRY = """
select customers.country, count(*) as customers, cast(sum(latest.orders) as bigint) as orders
from intermediate.customers as customers
inner join intermediate.latest_by_country as latest
    on latest.customer is not distinct from customers.customer and latest.country is not distinct from customers.country
group by customers.country"""

LATEST_BY_COUNTRY = """
select customers.customer, customers.country, customers.orders from intermediate.customers as customers"""

Write = Callable[..., Path]


def write_toy_shop(write: Write) -> None:
    """The files of all relations: folds, with and without groups; by key and by day, over tables and views; of a moment."""
    orders = ["order_id", "customer", "country", "discount_minor", "time", "seq"]
    write("staging.orders", ORDERS, orders, refresh="view")
    write("intermediate.customers", CUSTOMERS, CUSTOMER_COLUMNS, refresh="fold")
    lines = ["order_id", "line_no", "sku", "quantity", "customer", "day"]
    write("intermediate.lines", LINES, lines, refresh="fold", key=lines[:2])
    write("intermediate.latest", LATEST, ["customer", "day", "orders", "is_open"], refresh="by_key")
    write(
        "marts.latest_daily",
        LATEST_DAILY,
        ["day", "is_open", "customers", "median_orders"],
        refresh="by_day",
        key=["day", "is_open"],
    )
    write(
        "staging.sold",
        "select lines.day, lines.sku, lines.quantity from intermediate.lines as lines where lines.quantity > 1",
        ["day", "sku", "quantity"],
        refresh="view",
    )
    write("marts.sold_daily", SOLD_DAILY, ["day", "units", "products"], refresh="by_day")
    write("intermediate.now", "select as_of from meta.run", ["as_of"], refresh="view")
    write(
        "marts.waiting",
        WAITING,
        ["day", "customers", "days_waited"],
        refresh="by_day",
        volatile="select day from intermediate.latest where is_open",
    )
    write(
        "intermediate.latest_by_country",
        LATEST_BY_COUNTRY,
        ["customer", "country", "orders"],
        refresh="view",
    )
    write("marts.by_country", BY_COUNTRY, ["country", "customers", "orders"], refresh="by_key")


def order(
    number: int,
    customer: str | None = "cus_1",
    *,
    day: int = 0,
    country: str | None = "NL",
    discount_minor: int = 0,
    quantities: Sequence[int] = (1,),
) -> tuple[OrderPlaced, dict[str, object]]:
    """An order, some days after a Monday, and what its event says beside it."""
    lines = [
        OrderLine(line_no=n, sku=f"SKU-{n}", quantity=quantity, unit_price_minor=100)
        for n, quantity in enumerate(quantities, 1)
    ]
    placed = OrderPlaced(
        order_id=f"O{number}",
        customer_key=customer,
        currency="EUR",
        country=country,
        lines=lines,
        discount_minor=discount_minor,
    )
    moment = to_us(MONDAY + timedelta(days=day, minutes=number))
    return placed, {"subject": placed.order_id, "time_us": moment, "recorded_at_us": moment}
