/*
description: What was paid for the goods that came back week by week, against what was to be expected back.
grain: a week and currency
owner: merchandising
refresh: full
key: [week_start, currency]
columns:
  week_start: the week's Monday
  currency: ISO 4217 code
  returned_minor: what had been paid in this currency for the units asked back in the week - each once, and not those given up or never sent; products that were never sold in it count nothing (minor units)
  expected_minor: what had been paid in this currency for the units that were to be expected back in the week - those of each product, in the currencies and at the prices in which it was sold until then (minor units)
  expected_low_minor: lower end of the band in which an ordinary week lies (90 %, as if products came back independently of each other, and each unit in whichever currency)
  expected_high_minor: upper end of that band
*/
with currencies as (
    select
        sales.sku,
        sales.currency
    from intermediate.sales_weekly as sales
    group by sales.sku, sales.currency
),

returned as (
    select
        incidents.week_start,
        returns.currency,
        sum(lines.value_minor * incidents.units // nullif(lines.quantity, 0)) as minor
    from intermediate.return_incidents as incidents
    inner join staging.return_lines as lines
        on lines.rma = incidents.rma and lines.line_no = incidents.line_no
    inner join staging.returns as returns on returns.seq = lines.seq
    inner join currencies
        on currencies.sku = incidents.sku and currencies.currency = returns.currency
    group by incidents.week_start, returns.currency
),

weeks as (
    select
        weeks.sku,
        weeks.week_start,
        currencies.currency,
        weeks.units_expected,
        (weeks.expected_high - weeks.expected_low) / 2 as reach,
        sum(sales.units_sold) over (
            partition by weeks.sku, currencies.currency
            order by weeks.week_start
            rows between unbounded preceding and current row
        ) as units_sold,
        sum(sales.paid_minor) over (
            partition by weeks.sku, currencies.currency
            order by weeks.week_start
            rows between unbounded preceding and current row
        ) as paid_minor
    from marts.sku_weekly as weeks
    inner join currencies on currencies.sku = weeks.sku
    left join intermediate.sales_weekly as sales
        on
            sales.sku = weeks.sku
            and sales.week_start = weeks.week_start
            and sales.currency = currencies.currency
),

shares as (
    select
        weeks.week_start,
        weeks.currency,
        weeks.units_expected,
        weeks.reach,
        cast(weeks.units_sold as double) / nullif(
            sum(weeks.units_sold) over (partition by weeks.sku, weeks.week_start), 0
        ) as share,
        cast(weeks.paid_minor as double) / nullif(weeks.units_sold, 0) as a_unit
    from weeks
    where weeks.units_sold > 0
),

-- Of so many units each is of this currency by its share: the variance is that of the number, thinned.
each as (
    select
        shares.week_start,
        shares.currency,
        shares.units_expected * shares.share * shares.a_unit as expected,
        (
            shares.reach * shares.reach * shares.share * shares.share
            + 1.6448536269514722 * 1.6448536269514722 * shares.units_expected * shares.share * (1 - shares.share)
        ) * shares.a_unit * shares.a_unit as reach_squared
    from shares
),

-- Sums of whole thousandths are the same in whatever order rows come.
expected as (
    select
        each.week_start,
        each.currency,
        cast(sum(cast(round(each.expected * 1000) as decimal(38, 0))) as double) / 1000 as expected,
        sqrt(cast(sum(cast(round(each.reach_squared * 1000) as decimal(38, 0))) as double) / 1000) as reach
    from each
    group by each.week_start, each.currency
)

select
    coalesce(expected.week_start, returned.week_start) as week_start,
    coalesce(expected.currency, returned.currency) as currency,
    cast(coalesce(returned.minor, 0) as bigint) as returned_minor,
    cast(coalesce(round(expected.expected), 0) as bigint) as expected_minor,
    cast(coalesce(round(greatest(expected.expected - expected.reach, 0)), 0) as bigint) as expected_low_minor,
    cast(coalesce(round(expected.expected + expected.reach), 0) as bigint) as expected_high_minor
from expected
full outer join returned
    on returned.week_start = expected.week_start and returned.currency = expected.currency
