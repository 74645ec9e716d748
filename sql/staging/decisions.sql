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
  policy_version: version of the policy that held
  rule: the hard rule that declined it, or the reviewer's reason; null where it was authorized
*/
select
    authorized.seq,
    authorized.rma,
    'authorized' as decision,
    authorized.mode,
    authorized.time as decided_at,
    authorized.policy_version,
    cast(null as varchar) as rule
from lake.return_authorized as authorized
union all
select
    declined.seq,
    declined.rma,
    'declined' as decision,
    declined.mode,
    declined.time as decided_at,
    declined.policy_version,
    declined.rule
from lake.return_declined as declined
