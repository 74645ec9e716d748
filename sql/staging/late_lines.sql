/*
description: Lines on which somebody's time ran out, and until when they have now.
grain: a line and a clock that ran out
owner: data
refresh: view
key: [seq, line_no]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: line of the return
  clock: whose time ran out, such as review, inspection, refund or send_back
  next_due_at: by when it is due now, of several lines the earliest (UTC); null where not told
*/
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    breached.clock,
    make_timestamp(breached.next_due_at_us) as next_due_at
from lake.clock_breached_lines as lines
inner join lake.clock_breached as breached on breached.seq = lines.seq
