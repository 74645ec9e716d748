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
  order_id: the order, where all lines are of one; else null
  customer_key: random token of the customer; null where the shop does not know one
  regime: the law that grants the withdrawal; null for a return
  refund_on: what sets a withdrawal's money off - authorized, first_scan, received or inspected; null for a return
  policy_version: version of the policy that a withdrawal was declared under; null for a return
  is_imported: whether a file of the shop's past told of it; such a return ran no clocks
*/
select
    requests.rma,
    'return' as kind,
    requests.currency,
    requests.time as requested_at,
    requests.seq,
    requests.order_id,
    requests.customer_key,
    cast(null as varchar) as regime,
    cast(null as varchar) as refund_on,
    cast(null as varchar) as policy_version,
    requests.origin = 'import' as is_imported
from lake.return_requested as requests
union all
select
    withdrawals.rma,
    'withdrawal' as kind,
    withdrawals.currency,
    withdrawals.time as requested_at,
    withdrawals.seq,
    withdrawals.order_id,
    withdrawals.customer_key,
    withdrawals.regime,
    withdrawals.refund_on,
    withdrawals.policy_version,
    withdrawals.origin = 'import' as is_imported
from lake.return_withdrawn as withdrawals
