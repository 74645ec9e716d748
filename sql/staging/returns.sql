/*
description: The returns - applied for, or withdrawn from the contract as the law grants it.
grain: a return
owner: data
refresh: view
key: [rma]
columns:
  rma: the return
  kind: return, or withdrawal
  currency: ISO 4217 code
  requested_at: when it was applied for, or the withdrawal declared (UTC)
  seq: the event's place in the log; its lines carry the same
*/
select
    requests.rma,
    'return' as kind,
    requests.currency,
    requests.time as requested_at,
    requests.seq
from lake.return_requested as requests
union all
select
    withdrawals.rma,
    'withdrawal' as kind,
    withdrawals.currency,
    withdrawals.time as requested_at,
    withdrawals.seq
from lake.return_withdrawn as withdrawals
