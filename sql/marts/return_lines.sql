/*
description: Every line of every return as it stands, with what was found, where it went, and what was paid back.
grain: a return line; units that went another way than the rest of their line are a line of their own
owner: operations
refresh: by_key
publish_by: requested_at
key: [rma, line_no]
sort_by: requested_at
columns:
  rma: the return
  line_no: number of the line within the return
  sku: product; null where the dock has not told yet what an undeclared line is
  quantity: units
  reason: the customer's reason; null where none was given
  grade: condition A to D as last inspected; null before inspection, and where not graded
  outcome: passed, failed, short, wrong_item, empty or unexpected; null before inspection
  disposition: where the goods went; null until they went anywhere
  refund_minor: refunded so far (minor units), on the line that the refund named; gestures of goodwill name none
  currency: ISO 4217 code
  order_id: the order it was bought with; null where none could be matched, and for what nobody declared
  requested_at: when the return was applied for, or the withdrawal declared (UTC)
  value_minor: what was paid for the units (minor units); 0 for what nobody declared
  kind: return, or withdrawal
  root_line_no: the line of the application, or of the dock, that its units were at first
  is_declared: whether the customer told of it (else it lay in the parcel)
  decision: the newest on the return, authorized or declined; null before, for withdrawals and for what nobody declared
  decision_mode: rule, reviewer or deadline
  decided_at: when (UTC)
  inspection_depth: basic or full; null before inspection, and where not told
  found_sku: the product that lay there instead; null where it is the line's own
*/
with inspected as (
    select
        inspections.rma,
        inspections.line_no,
        inspections.outcome,
        inspections.grade,
        inspections.inspection_depth,
        inspections.found_sku
    from staging.inspections as inspections
    qualify row_number() over (
        partition by inspections.rma, inspections.line_no order by inspections.seq desc
    ) = 1
),

placed as (
    select
        dispositions.rma,
        dispositions.line_no,
        dispositions.sku,
        dispositions.disposition
    from staging.dispositions as dispositions
    qualify row_number() over (
        partition by dispositions.rma, dispositions.line_no order by dispositions.seq desc
    ) = 1
),

refunded as (
    select
        refunds.rma,
        refunds.line_no,
        cast(sum(refunds.amount_minor) as bigint) as refund_minor
    from staging.refund_lines as refunds
    group by refunds.rma, refunds.line_no
),

decided as (
    select
        decisions.rma,
        decisions.decision,
        decisions.mode,
        decisions.decided_at
    from staging.decisions as decisions
    qualify row_number() over (partition by decisions.rma order by decisions.seq desc) = 1
)

select
    lines.rma,
    lines.line_no,
    coalesce(applied.sku, undeclared.sku, placed.sku) as sku,
    lines.quantity,
    applied.reason,
    inspected.grade,
    inspected.outcome,
    placed.disposition,
    coalesce(refunded.refund_minor, 0) as refund_minor,
    returns.currency,
    applied.order_id,
    returns.requested_at,
    lines.value_minor,
    returns.kind,
    lines.root_line_no,
    applied.rma is not null as is_declared,
    decided.decision,
    decided.mode as decision_mode,
    decided.decided_at,
    inspected.inspection_depth,
    case when applied.rma is not null then inspected.found_sku end as found_sku
from intermediate.lines_now as lines
inner join staging.returns as returns on returns.rma = lines.rma
left join staging.return_lines as applied
    on applied.rma = lines.rma and applied.line_no = lines.root_line_no
left join intermediate.undeclared_lines as undeclared
    on undeclared.rma = lines.rma and undeclared.line_no = lines.root_line_no
left join inspected on inspected.rma = lines.rma and inspected.line_no = lines.line_no
left join placed on placed.rma = lines.rma and placed.line_no = lines.line_no
left join refunded on refunded.rma = lines.rma and refunded.line_no = lines.line_no
left join decided on decided.rma = applied.rma
where applied.rma is not null or undeclared.rma is not null
