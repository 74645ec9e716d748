/*
description: Units that left a return line to be a line of their own.
grain: a split
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: the line that they left
  into_line_no: the line that they are from then on
  root_line_no: the line that they were at first
  quantity: units
  value_minor: what was paid for them (minor units)
*/
select
    splits.seq,
    splits.rma,
    splits.line_no,
    splits.into_line_no,
    splits.root_line_no,
    splits.quantity,
    splits.value_minor
from lake.line_split as splits
