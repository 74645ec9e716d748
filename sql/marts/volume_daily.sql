/*
description: What the shop sold and what was asked back, day by day.
grain: a shop day on which anything happened
owner: operations
refresh: full
key: [day]
columns:
  day: the shop's day
  orders: orders placed (count)
  units_sold: units in those orders
  returns_requested: returns applied for and withdrawals declared (count)
  units_returned: units in those
  auto_decided: returns authorized by rule, without a human (count), on the day of the decision
*/
with ordered as (
    select
        orders.day,
        count(*) as orders
    from intermediate.order_days as orders
    group by orders.day
),

sold as (
    select
        orders.day,
        sum(lines.quantity) as units_sold
    from staging.order_lines as lines
    inner join intermediate.order_days as orders on orders.seq = lines.seq
    group by orders.day
),

returned as (
    select
        returns.day,
        count(distinct returns.rma) as returns_requested,
        sum(returns.quantity) as units_returned
    from intermediate.return_days as returns
    group by returns.day
),

decided as (
    select
        cast(decisions.decided_at + zone.offset_seconds * interval '1' second as date) as day,
        count(*) as auto_decided
    from staging.decisions as decisions
    inner join meta.zone_offsets as zone
        on decisions.decided_at >= zone.starts_at and decisions.decided_at < zone.ends_at
    where decisions.decision = 'authorized' and decisions.mode = 'rule'
    group by cast(decisions.decided_at + zone.offset_seconds * interval '1' second as date)
),

days as (
    select ordered.day from ordered
    union
    select returned.day from returned
    union
    select decided.day from decided
)

select
    days.day,
    coalesce(ordered.orders, 0) as orders,
    cast(coalesce(sold.units_sold, 0) as bigint) as units_sold,
    coalesce(returned.returns_requested, 0) as returns_requested,
    cast(coalesce(returned.units_returned, 0) as bigint) as units_returned,
    coalesce(decided.auto_decided, 0) as auto_decided
from days
left join ordered on ordered.day = days.day
left join sold on sold.day = days.day
left join returned on returned.day = days.day
left join decided on decided.day = days.day
