/*
description: By when the next step was due from an event on, as the service set it.
grain: an event that tells
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  due_at: by when, of several lines the earliest (UTC)
*/
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.return_withdrawn as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.return_authorized as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.appeal_until_us) as due_at
from lake.return_declined as told
where told.appeal_until_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.return_reinstated as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.review_requested as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.evidence_requested as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.shipment_created as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.pickup_failed as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.shipment_scanned as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.shipment_lost as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.return_received as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.choice_requested as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.due_at_us) as due_at
from lake.choice_made as told
where told.due_at_us is not null
union all
select
    told.seq,
    told.rma,
    make_timestamp(told.next_due_at_us) as due_at
from lake.clock_breached as told
where told.next_due_at_us is not null
