/*
description: The steps that returns took - every event that moves a line of one, and its closing.
grain: an event
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  step: the type of the event; end for the closing
  happened_at: when (UTC)
  step_no: the step's number, which stands for its word in larger relations
*/
select
    steps.seq,
    steps.rma,
    'return.requested' as step,
    steps.time as happened_at,
    1 as step_no
from lake.return_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'return.withdrawn' as step,
    steps.time as happened_at,
    2 as step_no
from lake.return_withdrawn as steps
union all
select
    steps.seq,
    steps.rma,
    'review.opened' as step,
    steps.time as happened_at,
    3 as step_no
from lake.review_opened as steps
union all
select
    steps.seq,
    steps.rma,
    'evidence.requested' as step,
    steps.time as happened_at,
    4 as step_no
from lake.evidence_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'evidence.received' as step,
    steps.time as happened_at,
    5 as step_no
from lake.evidence_received as steps
union all
select
    steps.seq,
    steps.rma,
    'evidence.lapsed' as step,
    steps.time as happened_at,
    6 as step_no
from lake.evidence_lapsed as steps
union all
select
    steps.seq,
    steps.rma,
    'clock.breached' as step,
    steps.time as happened_at,
    7 as step_no
from lake.clock_breached as steps
union all
select
    steps.seq,
    steps.rma,
    'return.authorized' as step,
    steps.time as happened_at,
    8 as step_no
from lake.return_authorized as steps
union all
select
    steps.seq,
    steps.rma,
    'return.declined' as step,
    steps.time as happened_at,
    9 as step_no
from lake.return_declined as steps
union all
select
    steps.seq,
    steps.rma,
    'return.appeal_lapsed' as step,
    steps.time as happened_at,
    10 as step_no
from lake.return_appeal_lapsed as steps
union all
select
    steps.seq,
    steps.rma,
    'return.cancelled' as step,
    steps.time as happened_at,
    11 as step_no
from lake.return_cancelled as steps
union all
select
    steps.seq,
    steps.rma,
    'return.expired' as step,
    steps.time as happened_at,
    12 as step_no
from lake.return_expired as steps
union all
select
    steps.seq,
    steps.rma,
    'return.reinstated' as step,
    steps.time as happened_at,
    13 as step_no
from lake.return_reinstated as steps
union all
select
    steps.seq,
    steps.rma,
    'line.keep_granted' as step,
    steps.time as happened_at,
    14 as step_no
from lake.line_keep_granted as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.created' as step,
    steps.time as happened_at,
    15 as step_no
from lake.shipment_created as steps
union all
select
    steps.seq,
    steps.rma,
    'pickup.failed' as step,
    steps.time as happened_at,
    16 as step_no
from lake.pickup_failed as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.scanned' as step,
    steps.time as happened_at,
    17 as step_no
from lake.shipment_scanned as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.lost' as step,
    steps.time as happened_at,
    18 as step_no
from lake.shipment_lost as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.loss_accepted' as step,
    steps.time as happened_at,
    19 as step_no
from lake.shipment_loss_accepted as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.overdue' as step,
    steps.time as happened_at,
    20 as step_no
from lake.shipment_overdue as steps
union all
select
    steps.seq,
    steps.rma,
    'return.received' as step,
    steps.time as happened_at,
    21 as step_no
from lake.return_received as steps
union all
select
    steps.seq,
    steps.rma,
    'line.inspected' as step,
    steps.time as happened_at,
    22 as step_no
from lake.line_inspected as steps
union all
select
    steps.seq,
    steps.rma,
    'inspection.waived' as step,
    steps.time as happened_at,
    23 as step_no
from lake.inspection_waived as steps
union all
select
    steps.seq,
    steps.rma,
    'choice.requested' as step,
    steps.time as happened_at,
    24 as step_no
from lake.choice_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'choice.made' as step,
    steps.time as happened_at,
    25 as step_no
from lake.choice_made as steps
union all
select
    steps.seq,
    steps.rma,
    'goods.sent_back' as step,
    steps.time as happened_at,
    26 as step_no
from lake.goods_sent_back as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.requested' as step,
    steps.time as happened_at,
    27 as step_no
from lake.refund_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.unknown' as step,
    steps.time as happened_at,
    28 as step_no
from lake.refund_unknown as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.failed' as step,
    steps.time as happened_at,
    29 as step_no
from lake.refund_failed as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.settled' as step,
    steps.time as happened_at,
    30 as step_no
from lake.refund_settled as steps
union all
select
    steps.seq,
    steps.rma,
    'end' as step,
    steps.time as happened_at,
    31 as step_no
from lake.return_closed as steps
union all
select
    steps.seq,
    steps.rma,
    'review.requested' as step,
    steps.time as happened_at,
    32 as step_no
from lake.review_requested as steps
