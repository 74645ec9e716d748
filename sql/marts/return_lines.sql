/*
description: Every line of every return, with what was found and what was paid back.
grain: a return line
owner: operations
refresh: full
key: [rma, line_no]
columns:
  rma: the return
  line_no: number of the line within the return
  sku: product
  quantity: units asked to be returned
  reason: the customer's reason; null where none was given
  grade: condition A to D as last inspected; null before inspection
  outcome: passed, failed, short, wrong_item, empty or unexpected; null before inspection
  disposition: where the goods went; null until they went anywhere
  refund_minor: refunded so far (minor units)
  currency: ISO 4217 code
  order_id: the order it was bought with; null where none could be matched
  requested_at: when the return was applied for (UTC)
  value_minor: what was paid for the units (minor units)
*/
with inspected as (
    select
        inspections.rma,
        inspections.line_no,
        arg_max(inspections.grade, inspections.seq) as grade,
        arg_max(inspections.outcome, inspections.seq) as outcome
    from staging.inspections as inspections
    group by inspections.rma, inspections.line_no
),

refunded as (
    select
        refunds.rma,
        refunds.line_no,
        cast(sum(refunds.amount_minor) as bigint) as refund_minor
    from staging.refund_lines as refunds
    group by refunds.rma, refunds.line_no
)

select
    lines.rma,
    lines.line_no,
    lines.sku,
    lines.quantity,
    lines.reason,
    inspected.grade,
    inspected.outcome,
    cast(null as varchar) as disposition,
    coalesce(refunded.refund_minor, 0) as refund_minor,
    lines.currency,
    lines.order_id,
    lines.requested_at,
    lines.value_minor
from staging.return_lines as lines
left join inspected on inspected.rma = lines.rma and inspected.line_no = lines.line_no
left join refunded on refunded.rma = lines.rma and refunded.line_no = lines.line_no
