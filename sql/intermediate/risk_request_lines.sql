/*
description: What each application is about, line by line.
grain: a line of an application
owner: data
refresh: view
key: [rma, line_no]
columns:
  rma: the return
  line_no: line of the return
  order_id: the order; null where none could be matched
  sku: product
  units: units that are to come back
  reason: what the customer said; null where nothing
*/
select
    lines.subject as rma,
    lines.line_no,
    lines.order_id,
    lines.sku,
    lines.quantity as units,
    lines.reason
from lake.return_requested_lines as lines
