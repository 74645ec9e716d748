/*
description: What lay in returned parcels although no application tells of it.
grain: a line of a return that nobody applied for
owner: data
refresh: by_key
key: [rma, line_no]
columns:
  rma: the return
  line_no: number that the dock gave the line
  sku: product; null where the events do not tell which
  quantity: units, as first seen
*/
with mentions as (
    select
        received.seq,
        received.rma,
        received.line_no,
        received.quantity,
        cast(null as varchar) as found_sku
    from staging.received_lines as received
    union all
    select
        inspections.seq,
        inspections.rma,
        inspections.line_no,
        inspections.quantity,
        inspections.found_sku
    from staging.inspections as inspections
    where inspections.outcome = 'unexpected'
),

known as (
    select
        applied.rma,
        applied.line_no
    from staging.return_lines as applied
    union
    select
        splits.rma,
        splits.into_line_no as line_no
    from staging.line_splits as splits
),

unknown as (
    select
        mentions.rma,
        mentions.line_no,
        mentions.quantity,
        mentions.found_sku
    from mentions
    left join known on known.rma = mentions.rma and known.line_no = mentions.line_no
    where known.rma is null
    qualify row_number() over (partition by mentions.rma, mentions.line_no order by mentions.seq) = 1
),

of_one_product as (
    select
        applied.rma,
        min(applied.sku) as sku
    from staging.return_lines as applied
    group by applied.rma
    having min(applied.sku) = max(applied.sku)
)

select
    unknown.rma,
    unknown.line_no,
    coalesce(unknown.found_sku, of_one_product.sku) as sku,
    unknown.quantity
from unknown
left join of_one_product on of_one_product.rma = unknown.rma
