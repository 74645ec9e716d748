/*
description: Each order's day in the shop's own time zone.
grain: an order
owner: data
refresh: fold
key: [order_id]
sort_by: seq
columns:
  order_id: the order
  seq: the place in the log of the event that placed it; its lines carry the same
  currency: ISO 4217 code
  day: the shop's day on which it was placed
*/
select
    orders.order_id,
    orders.seq,
    orders.currency,
    cast(orders.placed_at + zone.offset_seconds * interval '1' second as date) as day
from staging.orders as orders
inner join meta.zone_offsets as zone
    on orders.placed_at >= zone.starts_at and orders.placed_at < zone.ends_at
