/*
description: How returns, or units of them, ended.
grain: an event
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  ending: cancelled, expired, reinstated, kept, appeal_lapsed or closed
  happened_at: when (UTC)
*/
select
    cancelled.seq,
    cancelled.rma,
    'cancelled' as ending,
    cancelled.time as happened_at
from lake.return_cancelled as cancelled
union all
select
    expired.seq,
    expired.rma,
    'expired' as ending,
    expired.time as happened_at
from lake.return_expired as expired
union all
select
    reinstated.seq,
    reinstated.rma,
    'reinstated' as ending,
    reinstated.time as happened_at
from lake.return_reinstated as reinstated
union all
select
    kept.seq,
    kept.rma,
    'kept' as ending,
    kept.time as happened_at
from lake.line_keep_granted as kept
union all
select
    lapsed.seq,
    lapsed.rma,
    'appeal_lapsed' as ending,
    lapsed.time as happened_at
from lake.return_appeal_lapsed as lapsed
union all
select
    closed.seq,
    closed.rma,
    'closed' as ending,
    closed.time as happened_at
from lake.return_closed as closed
