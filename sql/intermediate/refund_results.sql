/*
description: How every attempt to pay money back ended, settled or failed, with its day in the shop's own time zone.
grain: a settlement, or a payment that was refused
owner: data
refresh: by_key
key: [rma, seq]
sort_by: seq
columns:
  rma: the return
  seq: the event's place in the log
  result: settled or failed
  happened_at: when (UTC)
  day: the shop's day
  month: first day of the shop's month
  means: the means that the money went back by, or that were tried; unknown where not told
  currency: ISO 4217 code; XXX where not told
  amount_minor: paid, or to be paid (minor units)
  is_goodwill: whether it is a gesture of goodwill, which no return line carries
  is_reconciled: whether the settlement came out by asking the provider after a silence
  hours: from the refund's order to this settlement (real hours); null for failures, and where the order was never told
*/
with retries as (
    select
        steps.rma,
        steps.refund_key,
        steps.seq,
        steps.means
    from staging.refund_steps as steps
    where steps.step = 'requested' and steps.trigger = 'other_means'
),

failures as (
    select
        failed.rma,
        failed.refund_key,
        failed.seq,
        failed.happened_at,
        arg_max(retries.means, retries.seq) as means
    from staging.refund_steps as failed
    left join retries
        on retries.rma = failed.rma and retries.refund_key = failed.refund_key and retries.seq < failed.seq
    where failed.step = 'failed'
    group by failed.rma, failed.refund_key, failed.seq, failed.happened_at
),

results as (
    select
        refunds.rma,
        refunds.settled_seq as seq,
        'settled' as result,
        refunds.settled_at as happened_at,
        refunds.settled_means as means,
        refunds.currency,
        refunds.settled_minor as amount_minor,
        refunds.trigger,
        refunds.is_reconciled,
        refunds.requested_at
    from intermediate.refunds as refunds
    where refunds.settled_seq is not null
    union all
    select
        failures.rma,
        failures.seq,
        'failed' as result,
        failures.happened_at,
        coalesce(failures.means, refunds.first_means) as means,
        refunds.currency,
        refunds.requested_minor as amount_minor,
        refunds.trigger,
        false as is_reconciled,
        cast(null as timestamp) as requested_at
    from failures
    inner join intermediate.refunds as refunds
        on refunds.rma = failures.rma and refunds.refund_key = failures.refund_key
)

select
    results.rma,
    results.seq,
    results.result,
    results.happened_at,
    cast(results.happened_at + zone.offset_seconds * interval '1' second as date) as day,
    cast(
        date_trunc(
            'month', cast(results.happened_at + zone.offset_seconds * interval '1' second as date)
        ) as date
    ) as month,
    coalesce(results.means, 'unknown') as means,
    coalesce(results.currency, 'XXX') as currency,
    results.amount_minor,
    coalesce(results.trigger = 'goodwill', false) as is_goodwill,
    coalesce(results.is_reconciled, false) as is_reconciled,
    date_diff('microsecond', results.requested_at, results.happened_at) / 3600000000.0 as hours
from results
inner join meta.zone_offsets as zone
    on results.happened_at >= zone.starts_at and results.happened_at < zone.ends_at
