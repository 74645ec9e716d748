/*
description: What every return cost, item by item - refunds as they were paid, the rest by the rates of the cost file.
grain: a payment, parcel, inspection or line that caused a cost
owner: finance
refresh: by_key
key: [rma, kind, item]
sort_by: rma
columns:
  rma: the return
  kind: refunds, goodwill, freight, handling or write_down
  item: what caused it - of write_down the number of the line, of all else the place in the log of the event that told of it first; 0 for goods that reached the dock without any carrier's scan
  month: first day of the shop's month in which the cost arose
  currency: ISO 4217 code, that of the return; of refunds and goodwill that of the payment
  amount_minor: the cost (minor units); null where the cost file names no rate for it in this currency
  items: payments, parcels, inspected units or lines (count)
*/
with unseen as (
    select
        goods.rma,
        goods.received_at as arose_at,
        coalesce(arg_max(parcels.method, parcels.announced_seq), 'unannounced') as word
    from intermediate.return_goods as goods
    left join intermediate.parcels as parcels on parcels.rma = goods.rma
    where goods.received_at is not null
    group by goods.rma, goods.received_at
    having min(parcels.first_scan_at) is null
),

charged as (
    select
        parcels.rma,
        'freight' as kind,
        parcels.first_seq as item,
        coalesce(parcels.method, 'unannounced') as word,
        parcels.first_scan_at as arose_at,
        1 as items
    from intermediate.parcels as parcels
    where parcels.first_scan_at is not null
    union all
    select
        unseen.rma,
        'freight' as kind,
        cast(0 as bigint) as item,
        unseen.word,
        unseen.arose_at,
        1 as items
    from unseen
    union all
    select
        sent.rma,
        'freight' as kind,
        sent.seq as item,
        'sent_back' as word,
        sent.sent_at as arose_at,
        1 as items
    from staging.goods_sent_back as sent
    union all
    select
        inspected.rma,
        'handling' as kind,
        inspected.seq as item,
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

rated as (
    select
        charged.rma,
        charged.kind,
        charged.item,
        charged.arose_at,
        returns.currency,
        charged.items * rates.amount_minor as amount_minor,
        charged.items
    from charged
    inner join staging.returns as returns on returns.rma = charged.rma
    left join meta.cost_rates as rates
        on rates.kind = charged.kind and rates.word = charged.word and rates.currency = returns.currency
    union all
    select
        fates.rma,
        'write_down' as kind,
        fates.line_no as item,
        fates.arose_at,
        returns.currency,
        (lines.value_minor * rates.percent + 50) // 100 as amount_minor,
        1 as items
    from fates
    inner join staging.returns as returns on returns.rma = fates.rma
    inner join intermediate.lines_now as lines on lines.rma = fates.rma and lines.line_no = fates.line_no
    left join meta.cost_rates as rates on rates.kind = 'write_down' and rates.word = fates.fate
)

select
    rated.rma,
    rated.kind,
    rated.item,
    cast(
        date_trunc('month', cast(rated.arose_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as month,
    rated.currency,
    rated.amount_minor,
    rated.items
from rated
inner join meta.zone_offsets as zone
    on rated.arose_at >= zone.starts_at and rated.arose_at < zone.ends_at
union all
select
    results.rma,
    case when results.is_goodwill then 'goodwill' else 'refunds' end as kind,
    results.seq as item,
    results.month,
    results.currency,
    results.amount_minor,
    1 as items
from intermediate.refund_results as results
where results.result = 'settled'
