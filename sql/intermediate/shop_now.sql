/*
description: Where in its week the shop stands, by its own clock, at the moment that this run is computed for.
grain: the shop
owner: data
refresh: view
key: []
columns:
  as_of: the moment (UTC)
  today: the shop's day
  week_start: Monday of the current week
*/
select
    run.as_of,
    cast(run.as_of + zone.offset_seconds * interval '1' second as date) as today,
    cast(
        date_trunc('week', cast(run.as_of + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start
from meta.run as run
inner join meta.zone_offsets as zone on run.as_of >= zone.starts_at and run.as_of < zone.ends_at
