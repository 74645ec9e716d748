/*
description: The orders of the shop.
grain: an order
owner: data
refresh: view
key: [order_id]
columns:
  order_id: the order
  customer_key: random token of the customer; null where the shop does not know one
  currency: ISO 4217 code
  country: country as the shop gave it; null where not given
  placed_at: when the order was placed (UTC)
  seq: the event's place in the log
*/
select
    orders.order_id,
    orders.customer_key,
    orders.currency,
    orders.country,
    orders.time as placed_at,
    orders.seq
from lake.order_placed as orders
