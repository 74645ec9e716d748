/*
description: What was sold of each product in each week.
grain: a product, week and currency
owner: data
refresh: full
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
    sales.sku,
    cast(date_trunc('week', sales.day) as date) as week_start,
    sales.currency,
    cast(sum(sales.order_lines) as bigint) as order_lines,
    cast(sum(sales.units_sold) as bigint) as units_sold,
    cast(sum(sales.paid_minor) as bigint) as paid_minor
from intermediate.sales_daily as sales
group by sales.sku, cast(date_trunc('week', sales.day) as date), sales.currency
