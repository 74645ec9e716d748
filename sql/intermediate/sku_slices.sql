/*
description: What was sold and came back of each product by week of sale, batch and country - read for products with a problem alone.
grain: a product, week of sale, batch, country and reason; what was sold stands in the rows without a reason
owner: data
refresh: view
key: [sku, week_start, lot, region, reason]
columns:
  sku: product
  week_start: Monday of the week of the sale
  lot: batch that was sold then; empty where the shop told none
  region: country of the order; empty where it is not known
  reason: the customer's reason; empty for what was sold, and for what came back without one
  order_lines: order lines sold (count)
  incidents: of them, times that units were asked back so far, as in return_incidents (count)
*/
with sold as (
    select
        lines.order_id,
        lines.line_no,
        lines.sku,
        cast(date_trunc('week', days.day) as date) as week_start,
        coalesce(lots.lot, '') as lot,
        coalesce(orders.country, '') as region
    from staging.order_lines as lines
    inner join intermediate.order_days as days on days.order_id = lines.order_id
    inner join staging.orders as orders on orders.seq = lines.seq
    left join staging.product_lots as lots
        on lots.sku = lines.sku
        and lots.from_seq < lines.seq and (lots.until_seq is null or lots.until_seq > lines.seq)
),

counted as (
    select
        sold.sku,
        sold.week_start,
        sold.lot,
        sold.region,
        '' as reason,
        1 as order_lines,
        0 as incidents
    from sold
    union all
    select
        sold.sku,
        sold.week_start,
        sold.lot,
        sold.region,
        coalesce(returned.reason, '') as reason,
        0 as order_lines,
        1 as incidents
    from intermediate.return_incidents as returned
    inner join sold on sold.order_id = returned.order_id and sold.line_no = returned.order_line_no
)

select
    counted.sku,
    counted.week_start,
    counted.lot,
    counted.region,
    counted.reason,
    cast(sum(counted.order_lines) as bigint) as order_lines,
    cast(sum(counted.incidents) as bigint) as incidents
from counted
group by counted.sku, counted.week_start, counted.lot, counted.region, counted.reason
