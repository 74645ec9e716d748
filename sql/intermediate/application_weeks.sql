/*
description: Every application and withdrawal with its week, and how laborious it was for the customer.
grain: a return
owner: data
refresh: by_key
key: [rma]
columns:
  rma: the return
  week_start: Monday of the shop's week in which it was applied for, or the withdrawal declared
  inputs: inputs that the customer gave - taps, choices, fields (count); null where not told
  minutes: from when they began until they had applied; null where not told
*/
with applied as (
    select
        requests.rma,
        requests.time as applied_at,
        requests.inputs,
        requests.started_at_us
    from lake.return_requested as requests
    union all
    select
        withdrawals.rma,
        withdrawals.time as applied_at,
        withdrawals.inputs,
        withdrawals.started_at_us
    from lake.return_withdrawn as withdrawals
)

select
    applied.rma,
    cast(
        date_trunc('week', cast(applied.applied_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    applied.inputs,
    date_diff('microsecond', make_timestamp(applied.started_at_us), applied.applied_at) / 60000000.0 as minutes
from applied
inner join meta.zone_offsets as zone
    on applied.applied_at >= zone.starts_at and applied.applied_at < zone.ends_at
