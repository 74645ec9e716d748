/*
description: What was sold of each product on each day.
grain: a product, shop day and currency
owner: data
refresh: full
key: [sku, day, currency]
columns:
  sku: product
  day: the shop's day
  currency: ISO 4217 code
  order_lines: order lines (count)
  units_sold: units
  paid_minor: what was paid for them (minor units)
*/
select
    lines.sku,
    orders.day,
    orders.currency,
    count(*) as order_lines,
    cast(sum(lines.quantity) as bigint) as units_sold,
    cast(sum(lines.quantity * lines.unit_price_minor) as bigint) as paid_minor
from staging.order_lines as lines
inner join intermediate.order_days as orders on orders.order_id = lines.order_id
group by lines.sku, orders.day, orders.currency
