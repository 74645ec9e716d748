/*
description: What was sold of each product in each week.
grain: a product, week and currency
owner: data
refresh: fold
key: [sku, week_start, currency]
columns:
  sku: product
  week_start: the week's Monday
  currency: ISO 4217 code
  order_lines: order lines (count)
  units_sold: units
  paid_minor: what was paid for them (minor units)
*/
select
    lines.sku,
    cast(
        date_trunc('week', cast(orders.placed_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    orders.currency,
    count(*) as order_lines,
    cast(sum(lines.quantity) as bigint) as units_sold,
    cast(sum(lines.quantity * lines.unit_price_minor) as bigint) as paid_minor
from staging.order_lines as lines
inner join staging.orders as orders on orders.seq = lines.seq
inner join meta.zone_offsets as zone
    on orders.placed_at >= zone.starts_at and orders.placed_at < zone.ends_at
group by
    lines.sku,
    cast(
        date_trunc('week', cast(orders.placed_at + zone.offset_seconds * interval '1' second as date)) as date
    ),
    orders.currency
