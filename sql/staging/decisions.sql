/*
description: What was decided on returns, and how.
grain: a decision
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  decision: authorized or declined
  mode: rule, reviewer, or deadline where nobody decided in time
  decided_at: when (UTC)
*/
select
    authorized.seq,
    authorized.rma,
    'authorized' as decision,
    authorized.mode,
    authorized.time as decided_at
from lake.return_authorized as authorized
union all
select
    declined.seq,
    declined.rma,
    'declined' as decision,
    declined.mode,
    declined.time as decided_at
from lake.return_declined as declined
