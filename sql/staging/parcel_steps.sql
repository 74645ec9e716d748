/*
description: Parcels of returns, announced by the customer and seen by the carrier.
grain: a way that a customer chose, or a scan
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  parcel: the shipment; the return itself where the carrier told of a parcel that nobody had announced
  method: pickup, drop_off or own_carrier, as the customer chose; null for scans
  scanned_at: when the carrier saw it (UTC); null for what was only announced
*/
select
    created.seq,
    created.rma,
    created.shipment_id as parcel,
    created.method,
    cast(null as timestamp) as scanned_at
from lake.shipment_created as created
union all
select
    scanned.seq,
    scanned.rma,
    coalesce(scanned.shipment_id, scanned.rma) as parcel,
    cast(null as varchar) as method,
    scanned.time as scanned_at
from lake.shipment_scanned as scanned
