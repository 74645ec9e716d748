/*
description: Every application and withdrawal with its week.
grain: a return
owner: data
refresh: by_key
key: [rma]
columns:
  rma: the return
  week_start: Monday of the shop's week in which it was applied for, or the withdrawal declared
*/
select
    returns.rma,
    cast(
        date_trunc('week', cast(returns.requested_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start
from staging.returns as returns
inner join meta.zone_offsets as zone
    on returns.requested_at >= zone.starts_at and returns.requested_at < zone.ends_at
