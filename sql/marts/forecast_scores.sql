/*
description: What was to be said of the next 24 hours at this hour of the day, now and on each of the last 28 days, by what was known then, and what came of it.
grain: a clock and a day, where anything was due
owner: operations
refresh: full
key: [clock, looked_at]
columns:
  clock: decision, review, inspection, refund, case or first_answer
  looked_at: the moment from which 24 hours were looked ahead (UTC); the newest is that of this run
  due_24h: clocks that ran then and were due within 24 hours (count); of past days without those that ever stood still
  expected_breaches: how many of them were to be expected still open when they were due
  expected_low: lower end of the 90 % interval of that (not below 0)
  expected_high: upper end of that interval (not above due_24h)
  breaches: how many came (count); null of this run, whose future nobody knows
*/
with misses as (
    select
        looks.clock,
        looks.look,
        cast(
            sum(
                cast(
                    (before.late - before.expected) * (before.late - before.expected) as decimal(30, 12)
                )
            ) as double
        ) as missed,
        cast(sum(cast(before.variance as decimal(30, 12))) as double) as allowed
    from intermediate.forecast_looks as looks
    left join intermediate.forecast_looks as before
        on before.clock = looks.clock and before.look > looks.look and before.look <= looks.look + 28
    where looks.look <= 28
    group by looks.clock, looks.look
),

-- Days differ by more than chance: as far as the 28 before them did.
margins as (
    select
        looks.clock,
        looks.looked_at,
        looks.look,
        looks.due,
        looks.late,
        looks.expected,
        1.6448536269514722 * sqrt(
            looks.variance * greatest(1, coalesce(misses.missed / nullif(misses.allowed, 0), 1))
        ) as margin
    from intermediate.forecast_looks as looks
    inner join misses on misses.clock = looks.clock and misses.look = looks.look
)

select
    margins.clock,
    margins.looked_at,
    margins.due as due_24h,
    margins.expected as expected_breaches,
    greatest(0, margins.expected - margins.margin) as expected_low,
    least(margins.due, margins.expected + margins.margin) as expected_high,
    case when margins.look > 0 then margins.late end as breaches
from margins
