/*
description: What happened to refunds, step by step.
grain: a step of a refund
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  refund_key: the refund; one whose order was never told, as in imported history, is named after its settlement
  step: requested (again where by other means), unknown, failed or settled
  happened_at: when (UTC)
  means: by which the money goes or went back; null where not told
  currency: ISO 4217 code; null where the step does not tell
  amount_minor: to be paid, or paid (minor units); null where the step does not tell
  trigger: what set the refund off; null where the step does not tell
  is_reconciled: whether the settlement came out by asking the provider after a silence; null for other steps
  due_at: by when the next step on it is due from then on (UTC); null where not told
*/
select
    requested.seq,
    requested.rma,
    requested.refund_id as refund_key,
    'requested' as step,
    requested.time as happened_at,
    requested.means,
    requested.currency,
    requested.amount_minor,
    requested.trigger,
    cast(null as boolean) as is_reconciled,
    make_timestamp(requested.due_at_us) as due_at
from lake.refund_requested as requested
union all
select
    unanswered.seq,
    unanswered.rma,
    unanswered.refund_id as refund_key,
    'unknown' as step,
    unanswered.time as happened_at,
    cast(null as varchar) as means,
    cast(null as varchar) as currency,
    cast(null as bigint) as amount_minor,
    cast(null as varchar) as trigger,
    cast(null as boolean) as is_reconciled,
    make_timestamp(unanswered.due_at_us) as due_at
from lake.refund_unknown as unanswered
union all
select
    failed.seq,
    failed.rma,
    failed.refund_id as refund_key,
    'failed' as step,
    failed.time as happened_at,
    cast(null as varchar) as means,
    cast(null as varchar) as currency,
    cast(null as bigint) as amount_minor,
    cast(null as varchar) as trigger,
    cast(null as boolean) as is_reconciled,
    make_timestamp(failed.due_at_us) as due_at
from lake.refund_failed as failed
union all
select
    settled.seq,
    settled.rma,
    coalesce(settled.refund_id, 'settlement ' || cast(settled.seq as varchar)) as refund_key,
    'settled' as step,
    settled.time as happened_at,
    settled.means,
    settled.currency,
    settled.amount_minor,
    cast(null as varchar) as trigger,
    settled.is_reconciled,
    cast(null as timestamp) as due_at
from lake.refund_settled as settled
