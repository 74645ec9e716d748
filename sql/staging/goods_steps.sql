/*
description: Where a return's goods were, step by step, as carrier, dock and deadlines told it.
grain: an event
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  step: announced, pickup_failed, picked_up, in_transit, delivered, lost, loss_accepted, overdue, received, inspected, waived, dispositioned or sent_back
  happened_at: when (UTC)
  depth: of an inspection, basic or full; null where not told, and of all else
*/
select
    created.seq,
    created.rma,
    'announced' as step,
    created.time as happened_at,
    cast(null as varchar) as depth
from lake.shipment_created as created
union all
select
    failed.seq,
    failed.rma,
    'pickup_failed' as step,
    failed.time as happened_at,
    cast(null as varchar) as depth
from lake.pickup_failed as failed
union all
select
    scanned.seq,
    scanned.rma,
    scanned.scan as step,
    scanned.time as happened_at,
    cast(null as varchar) as depth
from lake.shipment_scanned as scanned
union all
select
    lost.seq,
    lost.rma,
    'lost' as step,
    lost.time as happened_at,
    cast(null as varchar) as depth
from lake.shipment_lost as lost
union all
select
    accepted.seq,
    accepted.rma,
    'loss_accepted' as step,
    accepted.time as happened_at,
    cast(null as varchar) as depth
from lake.shipment_loss_accepted as accepted
union all
select
    overdue.seq,
    overdue.rma,
    'overdue' as step,
    overdue.time as happened_at,
    cast(null as varchar) as depth
from lake.shipment_overdue as overdue
union all
select
    received.seq,
    received.rma,
    'received' as step,
    received.time as happened_at,
    cast(null as varchar) as depth
from lake.return_received as received
union all
select
    inspected.seq,
    inspected.rma,
    'inspected' as step,
    inspected.time as happened_at,
    inspected.inspection_depth as depth
from lake.line_inspected as inspected
union all
select
    waived.seq,
    waived.rma,
    'waived' as step,
    waived.time as happened_at,
    cast(null as varchar) as depth
from lake.inspection_waived as waived
union all
select
    placed.seq,
    placed.rma,
    'dispositioned' as step,
    placed.time as happened_at,
    cast(null as varchar) as depth
from lake.line_dispositioned as placed
union all
select
    returned.seq,
    returned.rma,
    'sent_back' as step,
    returned.time as happened_at,
    cast(null as varchar) as depth
from lake.goods_sent_back as returned
