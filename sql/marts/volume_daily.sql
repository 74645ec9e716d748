/*
description: What the shop sold and what was asked back, day by day.
grain: a shop day on which anything happened
owner: operations
refresh: fold
key: [day]
columns:
  day: the shop's day
  orders: orders placed (count)
  units_sold: units in those orders
  returns_requested: returns applied for and withdrawals declared (count)
  units_returned: units in those
  auto_decided: returns authorized by rule, without a human (count), on the day of the decision
*/
select
    cast(steps.happened_at + zone.offset_seconds * interval '1' second as date) as day,
    cast(sum(steps.orders) as bigint) as orders,
    cast(sum(steps.units_sold) as bigint) as units_sold,
    cast(sum(steps.returns) as bigint) as returns_requested,
    cast(sum(steps.units_returned) as bigint) as units_returned,
    cast(sum(steps.auto_decided) as bigint) as auto_decided
from staging.volume_steps as steps
inner join meta.zone_offsets as zone
    on steps.happened_at >= zone.starts_at and steps.happened_at < zone.ends_at
group by cast(steps.happened_at + zone.offset_seconds * interval '1' second as date)
