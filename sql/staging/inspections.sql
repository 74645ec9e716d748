/*
description: What the warehouse found of returned units.
grain: an inspection
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: line of the return
  quantity: units inspected
  outcome: passed, failed, short, wrong_item, empty or unexpected
  grade: condition A to D; null where not graded
  inspection_depth: basic or full; null where not told
  found_sku: the product that lay there; null where it is the line's own
*/
select
    inspected.seq,
    inspected.rma,
    inspected.line_no,
    inspected.quantity,
    inspected.outcome,
    inspected.grade,
    inspected.inspection_depth,
    inspected.sku as found_sku
from lake.line_inspected as inspected
