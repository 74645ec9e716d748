/*
description: Every application that was decided on, with the week of its decision. Withdrawals need none; imported history ran no clocks.
grain: an application that was decided on
owner: data
refresh: by_key
key: [rma]
sort_by: rma
columns:
  rma: the return
  week_start: Monday of the shop's week in which it was first decided on
  hours: from the application to its first decision (real hours)
  is_automatic: whether a rule decided, without a human
*/
select
    lives.rma,
    cast(
        date_trunc('week', cast(lives.decided_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    date_diff('microsecond', lives.requested_at, lives.decided_at) / 3600000000.0 as hours,
    lives.decision_mode = 'rule' as is_automatic
from marts.return_lifecycle as lives
inner join meta.zone_offsets as zone
    on lives.decided_at >= zone.starts_at and lives.decided_at < zone.ends_at
where lives.kind = 'return' and not lives.is_imported
