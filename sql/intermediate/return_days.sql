/*
description: Each line of an application or a withdrawal with its day, and the day of the sale it reverses, in the shop's own time zone.
grain: a line of an application or a withdrawal
owner: data
refresh: by_key
key: [rma, line_no]
partition: order_id
sort_by: day
columns:
  rma: the return
  line_no: line of the return
  sku: product
  quantity: units
  reason: the customer's reason; null where none was given
  day: the shop's day on which the return was applied for, or the withdrawal declared
  sold_day: the shop's day of the sale; null where no order could be matched
  order_id: the order it was bought with; null where none could be matched
  order_line_no: the line of that order
*/
select
    lines.rma,
    lines.line_no,
    lines.sku,
    lines.quantity,
    lines.reason,
    cast(lines.requested_at + zone.offset_seconds * interval '1' second as date) as day,
    orders.day as sold_day,
    lines.order_id,
    lines.order_line_no
from staging.return_lines as lines
inner join meta.zone_offsets as zone
    on lines.requested_at >= zone.starts_at and lines.requested_at < zone.ends_at
left join intermediate.order_days as orders on orders.order_id = lines.order_id
