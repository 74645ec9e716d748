/*
description: How much of what came back could be weighed, week by week.
grain: a week in which units were asked back
owner: data
refresh: full
key: [week_start]
columns:
  week_start: Monday of the shop's week in which the units were asked back
  units: units asked back
  units_with_reason: of those, the ones for which the customer gave a reason
  units_analysed: of those, the ones of products that the detector weighed against an expectation for that week
*/
with returned as (
    select
        cast(date_trunc('week', days.day) as date) as week_start,
        days.sku,
        sum(days.quantity) as units,
        sum(days.quantity) filter (where days.reason is not null) as units_with_reason
    from intermediate.return_days as days
    group by cast(date_trunc('week', days.day) as date), days.sku
)

select
    returned.week_start,
    cast(sum(returned.units) as bigint) as units,
    cast(coalesce(sum(returned.units_with_reason), 0) as bigint) as units_with_reason,
    cast(
        coalesce(sum(returned.units) filter (where expected.units_expected > 0), 0) as bigint
    ) as units_analysed
from returned
left join intermediate.sku_expected as expected
    on expected.sku = returned.sku and expected.week_start = returned.week_start
group by returned.week_start
