/*
description: Where returned units went.
grain: a disposition
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: line of the return
  sku: product
  disposition: restock, refurbish, return_to_vendor, liquidate, donate, recycle or destroy
  placed_at: when (UTC)
*/
select
    placed.seq,
    placed.rma,
    placed.line_no,
    placed.sku,
    placed.disposition,
    placed.time as placed_at
from lake.line_dispositioned as placed
