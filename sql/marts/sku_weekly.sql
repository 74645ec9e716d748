/*
description: Each product week by week - sold, returned, and what was to be expected back.
grain: a product and week, from its first sale or return on
owner: merchandising
refresh: full
publish_by: week_start
key: [sku, week_start]
columns:
  sku: product
  week_start: the week's Monday
  units_sold: units sold in the week
  units_returned: units asked back in the week, whenever they were sold - each once, and not those given up or never sent
  units_expected: units to be expected back in the week, by what was sold before and when
  expected_low: lower end of the band in which an ordinary week lies (90 %)
  expected_high: upper end of that band
*/
with sold as (
    select
        sales.sku,
        sales.week_start,
        sum(sales.units_sold) as units_sold
    from intermediate.sales_weekly as sales
    group by sales.sku, sales.week_start
),

returned as (
    select
        incidents.sku,
        incidents.week_start,
        sum(incidents.units) as units_returned
    from intermediate.return_incidents as incidents
    group by incidents.sku, incidents.week_start
)

select
    expected.sku,
    expected.week_start,
    cast(coalesce(sold.units_sold, 0) as bigint) as units_sold,
    cast(coalesce(returned.units_returned, 0) as bigint) as units_returned,
    expected.units_expected,
    expected.expected_low,
    expected.expected_high
from intermediate.sku_expected as expected
left join sold on sold.sku = expected.sku and sold.week_start = expected.week_start
left join returned on returned.sku = expected.sku and returned.week_start = expected.week_start
