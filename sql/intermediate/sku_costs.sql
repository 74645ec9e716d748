/*
description: What a product's returns have cost beside the refunds - freight, handling and write-down, an even share of each return's for each of its units.
grain: a product and currency
owner: data
refresh: full
key: [sku, currency]
columns:
  sku: product
  currency: ISO 4217 code
  units: units of returns that have cost something so far
  lost_minor: what they cost beside the refunds (minor units)
*/
with lost as (
    select
        costs.rma,
        costs.currency,
        sum(costs.amount_minor) as amount_minor
    from intermediate.cost_items as costs
    where costs.kind in ('freight', 'handling', 'write_down') and costs.amount_minor is not null
    group by costs.rma, costs.currency
),

units as (
    select
        lines.rma,
        sum(lines.quantity) as quantity
    from staging.return_lines as lines
    group by lines.rma
)

select
    lines.sku,
    lost.currency,
    cast(sum(lines.quantity) as bigint) as units,
    cast(sum(lost.amount_minor * lines.quantity // nullif(units.quantity, 0)) as bigint) as lost_minor
from lost
inner join units on units.rma = lost.rma
inner join staging.return_lines as lines on lines.rma = lost.rma
group by lines.sku, lost.currency
