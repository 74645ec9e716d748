/*
description: What moved lines of returns from one state to another, where the event names the lines. The states are those of the table of moves (service/domain/lifecycle.py).
grain: a line moved by an event
owner: data
refresh: view
key: [seq, line_no]
columns:
  seq: the event's place in the log
  rma: the return
  line_no: line of the return
  quantity: units that the event names; null where it names none
  permission: state of the machine `authorization` that it came into; null where that did not move
  reception: state of the machine `reception` that it came into; null where that did not move
  resolution: state of the machine `resolution` that it came into; null where that did not move
  moved_at: when (UTC)
  due_at: by when the goods are to be inspected from then on (UTC); told of goods that came, and of those that are late
*/
-- A branch for each word and no case expression: where Parquet's statistics say that a case can only come out as null, DuckDB
-- 2.0 fails on comparing it with a word ("BindBuiltinScalarFunction did not return a BoundFunctionExpression").
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    'cancelled' as permission,
    'not_sent' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.return_cancelled_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    'declined_finally' as permission,
    cast(null as varchar) as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.return_appeal_lapsed_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    'expired' as permission,
    'not_sent' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.return_expired_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    'under_review' as permission,
    cast(null as varchar) as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.return_reinstated_lines as lines
inner join lake.return_reinstated as reinstated on reinstated.seq = lines.seq
where reinstated.permission = 'under_review'
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    'authorized' as permission,
    cast(null as varchar) as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.return_reinstated_lines as lines
inner join lake.return_reinstated as reinstated on reinstated.seq = lines.seq
where reinstated.permission = 'authorized'
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    'under_review' as permission,
    cast(null as varchar) as reception,
    'open' as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.review_requested_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'kept' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.line_keep_granted_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'announced' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.shipment_created_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'awaited' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.pickup_failed_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'delivered' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    make_timestamp(scanned.due_at_us) as due_at
from lake.shipment_scanned_lines as lines
inner join lake.shipment_scanned as scanned on scanned.seq = lines.seq
where scanned.scan = 'delivered'
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'in_transit' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.shipment_scanned_lines as lines
inner join lake.shipment_scanned as scanned on scanned.seq = lines.seq
where scanned.scan <> 'delivered'
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'lost' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.shipment_lost_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'lost_for_good' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.shipment_loss_accepted_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'not_sent' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.shipment_overdue_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'received' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    make_timestamp(received.due_at_us) as due_at
from lake.return_received_lines as lines
inner join lake.return_received as received on received.seq = lines.seq
union all
select
    inspected.seq,
    inspected.rma,
    inspected.line_no,
    inspected.quantity,
    cast(null as varchar) as permission,
    inspected.outcome as reception,
    cast(null as varchar) as resolution,
    inspected.time as moved_at,
    cast(null as timestamp) as due_at
from lake.line_inspected as inspected
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'waived' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.inspection_waived_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    'escalated' as permission,
    cast(null as varchar) as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.clock_breached_lines as lines
inner join lake.clock_breached as breached on breached.seq = lines.seq
where breached.clock = 'review'
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    'inspection_overdue' as reception,
    cast(null as varchar) as resolution,
    lines.time as moved_at,
    make_timestamp(breached.next_due_at_us) as due_at
from lake.clock_breached_lines as lines
inner join lake.clock_breached as breached on breached.seq = lines.seq
where breached.clock = 'inspection'
union all
select
    asked.seq,
    asked.rma,
    asked.line_no,
    cast(null as bigint) as quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'awaiting_choice' as resolution,
    asked.time as moved_at,
    cast(null as timestamp) as due_at
from lake.choice_requested as asked
union all
select
    chosen.seq,
    chosen.rma,
    chosen.line_no,
    cast(null as bigint) as quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'refund_agreed' as resolution,
    chosen.time as moved_at,
    cast(null as timestamp) as due_at
from lake.choice_made as chosen
where chosen.choice = 'partial_refund'
union all
select
    chosen.seq,
    chosen.rma,
    chosen.line_no,
    cast(null as bigint) as quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'to_send_back' as resolution,
    chosen.time as moved_at,
    cast(null as timestamp) as due_at
from lake.choice_made as chosen
where chosen.choice = 'send_back'
union all
select
    chosen.seq,
    chosen.rma,
    chosen.line_no,
    cast(null as bigint) as quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'disposed' as resolution,
    chosen.time as moved_at,
    cast(null as timestamp) as due_at
from lake.choice_made as chosen
where chosen.choice = 'dispose'
union all
select
    chosen.seq,
    chosen.rma,
    chosen.line_no,
    cast(null as bigint) as quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'not_refunded' as resolution,
    chosen.time as moved_at,
    cast(null as timestamp) as due_at
from lake.choice_made as chosen
where chosen.choice = 'accept'
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    lines.quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'sent_back' as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.goods_sent_back_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    cast(null as bigint) as quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'refund_pending' as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.refund_requested_lines as lines
union all
select
    lines.seq,
    lines.subject as rma,
    lines.line_no,
    cast(null as bigint) as quantity,
    cast(null as varchar) as permission,
    cast(null as varchar) as reception,
    'refunded' as resolution,
    lines.time as moved_at,
    cast(null as timestamp) as due_at
from lake.refund_settled_lines as lines
