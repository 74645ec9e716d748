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
*/
select
    steps.seq,
    steps.rma,
    'return.requested' as step,
    steps.time as happened_at
from lake.return_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'return.withdrawn' as step,
    steps.time as happened_at
from lake.return_withdrawn as steps
union all
select
    steps.seq,
    steps.rma,
    'review.opened' as step,
    steps.time as happened_at
from lake.review_opened as steps
union all
select
    steps.seq,
    steps.rma,
    'evidence.requested' as step,
    steps.time as happened_at
from lake.evidence_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'evidence.received' as step,
    steps.time as happened_at
from lake.evidence_received as steps
union all
select
    steps.seq,
    steps.rma,
    'evidence.lapsed' as step,
    steps.time as happened_at
from lake.evidence_lapsed as steps
union all
select
    steps.seq,
    steps.rma,
    'clock.breached' as step,
    steps.time as happened_at
from lake.clock_breached as steps
union all
select
    steps.seq,
    steps.rma,
    'return.authorized' as step,
    steps.time as happened_at
from lake.return_authorized as steps
union all
select
    steps.seq,
    steps.rma,
    'return.declined' as step,
    steps.time as happened_at
from lake.return_declined as steps
union all
select
    steps.seq,
    steps.rma,
    'return.appeal_lapsed' as step,
    steps.time as happened_at
from lake.return_appeal_lapsed as steps
union all
select
    steps.seq,
    steps.rma,
    'return.cancelled' as step,
    steps.time as happened_at
from lake.return_cancelled as steps
union all
select
    steps.seq,
    steps.rma,
    'return.expired' as step,
    steps.time as happened_at
from lake.return_expired as steps
union all
select
    steps.seq,
    steps.rma,
    'return.reinstated' as step,
    steps.time as happened_at
from lake.return_reinstated as steps
union all
select
    steps.seq,
    steps.rma,
    'line.keep_granted' as step,
    steps.time as happened_at
from lake.line_keep_granted as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.created' as step,
    steps.time as happened_at
from lake.shipment_created as steps
union all
select
    steps.seq,
    steps.rma,
    'pickup.failed' as step,
    steps.time as happened_at
from lake.pickup_failed as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.scanned' as step,
    steps.time as happened_at
from lake.shipment_scanned as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.lost' as step,
    steps.time as happened_at
from lake.shipment_lost as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.loss_accepted' as step,
    steps.time as happened_at
from lake.shipment_loss_accepted as steps
union all
select
    steps.seq,
    steps.rma,
    'shipment.overdue' as step,
    steps.time as happened_at
from lake.shipment_overdue as steps
union all
select
    steps.seq,
    steps.rma,
    'return.received' as step,
    steps.time as happened_at
from lake.return_received as steps
union all
select
    steps.seq,
    steps.rma,
    'line.inspected' as step,
    steps.time as happened_at
from lake.line_inspected as steps
union all
select
    steps.seq,
    steps.rma,
    'inspection.waived' as step,
    steps.time as happened_at
from lake.inspection_waived as steps
union all
select
    steps.seq,
    steps.rma,
    'choice.requested' as step,
    steps.time as happened_at
from lake.choice_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'choice.made' as step,
    steps.time as happened_at
from lake.choice_made as steps
union all
select
    steps.seq,
    steps.rma,
    'goods.sent_back' as step,
    steps.time as happened_at
from lake.goods_sent_back as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.requested' as step,
    steps.time as happened_at
from lake.refund_requested as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.unknown' as step,
    steps.time as happened_at
from lake.refund_unknown as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.failed' as step,
    steps.time as happened_at
from lake.refund_failed as steps
union all
select
    steps.seq,
    steps.rma,
    'refund.settled' as step,
    steps.time as happened_at
from lake.refund_settled as steps
union all
select
    steps.seq,
    steps.rma,
    'end' as step,
    steps.time as happened_at
from lake.return_closed as steps
