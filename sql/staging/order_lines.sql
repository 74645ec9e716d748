/*
description: What was bought, line by line, as the shop or its history told it.
grain: an order line
owner: data
refresh: view
key: [order_id, line_no]
columns:
  order_id: the order
  line_no: number of the line within the order
  sku: product
  quantity: units bought
  unit_price_minor: price paid for a unit (minor units of the order's currency)
  placed_at: when the order was placed (UTC)
  seq: the event's place in the log
*/
select
    lines.subject as order_id,
    lines.line_no,
    lines.sku,
    lines.quantity,
    lines.unit_price_minor,
    lines.time as placed_at,
    lines.seq
from lake.order_placed_lines as lines
