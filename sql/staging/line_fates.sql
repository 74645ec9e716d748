/*
description: What became of returned units for the shop - placed somewhere, left with the customer, or lost on the way.
grain: units of a line whose fate was told
owner: data
refresh: view
key: [seq, line_no]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: line of the return
  fate: restock, refurbish, return_to_vendor, liquidate, donate, recycle, destroy, kept or lost
  decided_at: when (UTC)
*/
select
    placed.seq,
    placed.rma,
    placed.line_no,
    placed.disposition as fate,
    placed.time as decided_at
from lake.line_dispositioned as placed
union all
select
    kept.seq,
    kept.subject as rma,
    kept.line_no,
    'kept' as fate,
    kept.time as decided_at
from lake.line_keep_granted_lines as kept
union all
select
    lost.seq,
    lost.subject as rma,
    lost.line_no,
    'lost' as fate,
    lost.time as decided_at
from lake.shipment_loss_accepted_lines as lost
