/*
description: Every parcel of a return that was announced or that a carrier saw.
grain: a parcel on its way back
owner: data
refresh: fold
key: [parcel]
sort_by: first_seq
columns:
  parcel: the shipment; the return itself where nobody had announced it
  rma: the return
  first_seq: place in the log at which it was first told of
  announced_seq: place in the log at which the customer chose the way; null where nobody did
  method: pickup, drop_off or own_carrier; null where nobody chose
  first_scan_at: when the carrier first saw it (UTC); null where none did
*/
select
    steps.parcel,
    min(steps.rma) as rma,
    min(steps.seq) as first_seq,
    min(steps.seq) filter (where steps.method is not null) as announced_seq,
    min(steps.method) as method,
    min(steps.scanned_at) as first_scan_at
from staging.parcel_steps as steps
group by steps.parcel
