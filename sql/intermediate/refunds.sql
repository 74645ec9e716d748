/*
description: Every refund from its order to its settlement.
grain: a refund
owner: data
refresh: fold
key: [refund_key]
sort_by: requested_seq
columns:
  refund_key: the refund; one whose order was never told is named after its settlement
  rma: the return
  currency: ISO 4217 code; null where only a failure is known
  requested_seq: place in the log of its order; null where that was never told
  requested_at: when it was ordered (UTC)
  trigger: what set it off, such as inspected or goodwill; other means after a failure are none
  first_means: the means that were tried first
  requested_minor: what was to be paid (minor units)
  settled_seq: place in the log of its settlement; null until then
  settled_at: when the money went back (UTC)
  settled_means: by which; null where not told
  settled_minor: what was paid (minor units)
  is_reconciled: whether that came out by asking the provider after a silence
  failures: how often a payment was refused (count)
  first_due_at: until when the money was to be there at first (UTC); null where its order was never told
  due_seq: place in the log at which its due moment was told last
  due_at: by when the next step on it is due now (UTC)
  last_seq: place in the log of the last step
  last_step: the last step - requested, unknown, failed or settled
  last_step_at: when that was (UTC)
*/
select
    steps.refund_key,
    min(steps.rma) as rma,
    min(steps.currency) as currency,
    min(steps.seq) filter (where steps.step = 'requested') as requested_seq,
    min(steps.happened_at) filter (where steps.step = 'requested') as requested_at,
    min(steps.trigger) filter (where steps.trigger <> 'other_means') as trigger,
    min(steps.means) filter (where steps.trigger <> 'other_means') as first_means,
    min(steps.amount_minor) filter (where steps.trigger <> 'other_means') as requested_minor,
    min(steps.seq) filter (where steps.step = 'settled') as settled_seq,
    min(steps.happened_at) filter (where steps.step = 'settled') as settled_at,
    min(steps.means) filter (where steps.step = 'settled') as settled_means,
    min(steps.amount_minor) filter (where steps.step = 'settled') as settled_minor,
    bool_or(steps.is_reconciled) as is_reconciled,
    count(*) filter (where steps.step = 'failed') as failures,
    arg_min(steps.due_at, steps.seq) filter (where steps.step = 'requested') as first_due_at,
    max(steps.seq) filter (where steps.due_at is not null) as due_seq,
    arg_max(steps.due_at, steps.seq) filter (where steps.due_at is not null) as due_at,
    max(steps.seq) as last_seq,
    arg_max(steps.step, steps.seq) as last_step,
    arg_max(steps.happened_at, steps.seq) as last_step_at
from staging.refund_steps as steps
group by steps.refund_key
