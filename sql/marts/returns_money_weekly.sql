/*
description: What was paid for the goods that came back week by week, against what was to be expected back.
grain: a week and currency
owner: merchandising
refresh: full
key: [week_start, currency]
columns:
  week_start: the week's Monday
  currency: ISO 4217 code
  returned_minor: what the units asked back in the week had been sold for, at each product's average price; products that were never sold count nothing (minor units)
  expected_minor: what the units that were to be expected back had been sold for (minor units)
  expected_low_minor: lower end of the band in which an ordinary week lies (90 %, as if products came back independently of each other)
  expected_high_minor: upper end of that band
*/
with sold as (
    select
        sales.sku,
        sum(sales.units_sold) as units
    from intermediate.sales_weekly as sales
    group by sales.sku
),

paid as (
    select
        sales.sku,
        sales.currency,
        sum(sales.paid_minor) as minor
    from intermediate.sales_weekly as sales
    group by sales.sku, sales.currency
),

prices as (
    select
        paid.sku,
        paid.currency,
        cast(paid.minor as double) / nullif(sold.units, 0) as a_unit
    from paid
    inner join sold on sold.sku = paid.sku
    where sold.units > 0
),

weekly as (
    select
        weeks.week_start,
        prices.currency,
        weeks.units_returned * prices.a_unit as returned,
        weeks.units_expected * prices.a_unit as expected,
        (weeks.expected_high - weeks.expected_low) / 2 * prices.a_unit as reach
    from marts.sku_weekly as weeks
    inner join prices on prices.sku = weeks.sku
),

-- Sums of whole thousandths are the same in whatever order rows come.
summed as (
    select
        weekly.week_start,
        weekly.currency,
        cast(sum(cast(round(weekly.returned * 1000) as bigint)) as double) / 1000 as returned,
        cast(sum(cast(round(weekly.expected * 1000) as bigint)) as double) / 1000 as expected,
        sqrt(cast(sum(cast(round(weekly.reach * weekly.reach * 1000) as bigint)) as double) / 1000) as reach
    from weekly
    group by weekly.week_start, weekly.currency
)

select
    summed.week_start,
    summed.currency,
    cast(round(summed.returned) as bigint) as returned_minor,
    cast(round(summed.expected) as bigint) as expected_minor,
    cast(round(greatest(summed.expected - summed.reach, 0)) as bigint) as expected_low_minor,
    cast(round(summed.expected + summed.reach) as bigint) as expected_high_minor
from summed
