/*
description: What customers asked to send back or withdrew from, line by line, as they said it.
grain: a line of an application or a withdrawal
owner: data
refresh: view
key: [rma, line_no]
columns:
  rma: the return
  line_no: number of the line within the return
  order_id: the order it was bought with; null where none could be matched
  order_line_no: the line of that order
  sku: product
  quantity: units
  reason: the customer's reason, a word of the shop's list; null where none was given
  value_minor: what was paid for the units (minor units)
  requested_at: when the return was applied for, or the withdrawal declared (UTC)
  seq: the event's place in the log
*/
select
    lines.subject as rma,
    lines.line_no,
    lines.order_id,
    lines.order_line_no,
    lines.sku,
    lines.quantity,
    lines.reason,
    lines.value_minor,
    lines.time as requested_at,
    lines.seq
from lake.return_requested_lines as lines
union all
select
    lines.subject as rma,
    lines.line_no,
    lines.order_id,
    lines.order_line_no,
    lines.sku,
    lines.quantity,
    lines.reason,
    lines.value_minor,
    lines.time as requested_at,
    lines.seq
from lake.return_withdrawn_lines as lines
