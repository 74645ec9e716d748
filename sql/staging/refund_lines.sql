/*
description: The money that went back, by return line.
grain: a refunded line of one refund
owner: data
refresh: view
key: [seq, line_no]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: line of the return
  amount_minor: refunded (minor units)
  settled_at: when the money went back (UTC)
*/
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.amount_minor,
    lines.time as settled_at
from lake.refund_settled_lines as lines
