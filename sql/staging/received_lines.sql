/*
description: What the dock saw arrive, line by line.
grain: a line of a receipt
owner: data
refresh: view
key: [seq, line_no]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: line of the return
  quantity: units
*/
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity
from lake.return_received_lines as lines
