/*
description: What every return cost, by month and kind - refunds as they were paid, the rest by the rates of the cost file.
grain: a return, month, kind and currency
owner: finance
refresh: by_key
key: [rma, month, kind, currency]
columns:
  rma: the return
  month: first day of the shop's month in which the cost arose
  kind: refunds, goodwill, freight, handling or write_down
  currency: ISO 4217 code, that of the return; of refunds that of the payment
  amount_minor: the cost (minor units), without what has no rate
  items: payments, parcels, inspected units or lines that it is made of (count)
  unpriced: of those, the ones for which the cost file names no rate in this currency (count)
*/
with seen as (
    select
        parcels.rma,
        'freight' as kind,
        coalesce(parcels.method, 'unannounced') as word,
        parcels.first_scan_at as arose_at,
        1 as items
    from intermediate.parcels as parcels
    where parcels.first_scan_at is not null
),

unseen as (
    select
        arrivals.rma,
        'freight' as kind,
        coalesce(arg_max(parcels.method, parcels.announced_seq), 'unannounced') as word,
        arrivals.first_received_at as arose_at,
        1 as items
    from intermediate.arrivals as arrivals
    left join intermediate.parcels as parcels on parcels.rma = arrivals.rma
    group by arrivals.rma, arrivals.first_received_at
    having min(parcels.first_scan_at) is null
),

by_amount as (
    select * from seen
    union all
    select * from unseen
    union all
    select
        sent.rma,
        'freight' as kind,
        'sent_back' as word,
        sent.sent_at as arose_at,
        1 as items
    from staging.goods_sent_back as sent
    union all
    select
        inspected.rma,
        'handling' as kind,
        coalesce(inspected.inspection_depth, 'basic') as word,
        inspected.time as arose_at,
        inspected.quantity as items
    from lake.line_inspected as inspected
),

fates as (
    select
        told.rma,
        told.line_no,
        arg_max(told.fate, told.seq) as fate,
        arg_max(told.decided_at, told.seq) as arose_at
    from staging.line_fates as told
    group by told.rma, told.line_no
),

by_rate as (
    select
        charged.rma,
        charged.kind,
        returns.currency,
        charged.arose_at,
        charged.items * rates.amount_minor as amount_minor,
        charged.items
    from by_amount as charged
    inner join staging.returns as returns on returns.rma = charged.rma
    left join meta.cost_rates as rates
        on rates.kind = charged.kind and rates.word = charged.word and rates.currency = returns.currency
    union all
    select
        fates.rma,
        'write_down' as kind,
        returns.currency,
        fates.arose_at,
        (lines.value_minor * rates.percent + 50) // 100 as amount_minor,
        1 as items
    from fates
    inner join staging.returns as returns on returns.rma = fates.rma
    inner join intermediate.lines_now as lines on lines.rma = fates.rma and lines.line_no = fates.line_no
    left join meta.cost_rates as rates on rates.kind = 'write_down' and rates.word = fates.fate
),

costs as (
    select
        by_rate.rma,
        cast(
            date_trunc(
                'month', cast(by_rate.arose_at + zone.offset_seconds * interval '1' second as date)
            ) as date
        ) as month,
        by_rate.kind,
        by_rate.currency,
        by_rate.amount_minor,
        by_rate.items
    from by_rate
    inner join meta.zone_offsets as zone
        on by_rate.arose_at >= zone.starts_at and by_rate.arose_at < zone.ends_at
    union all
    select
        results.rma,
        results.month,
        case when results.is_goodwill then 'goodwill' else 'refunds' end as kind,
        results.currency,
        results.amount_minor,
        1 as items
    from intermediate.refund_results as results
    where results.result = 'settled'
)

select
    costs.rma,
    costs.month,
    costs.kind,
    costs.currency,
    cast(coalesce(sum(costs.amount_minor), 0) as bigint) as amount_minor,
    cast(sum(costs.items) as bigint) as items,
    cast(coalesce(sum(costs.items) filter (where costs.amount_minor is null), 0) as bigint) as unpriced
from costs
group by costs.rma, costs.month, costs.kind, costs.currency
