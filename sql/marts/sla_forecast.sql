/*
description: How many promises are likely to be broken within the next 24 hours, if work goes on as at this hour of the last 28 days; marts.forecast_scores tells how well that held.
grain: a clock
owner: operations
refresh: full
key: [clock]
columns:
  clock: decision, review, inspection, refund, case or first_answer
  open_now: clocks that run or stand still (count; of inspections one for each line of a return, of refunds one for each payment)
  overdue_now: clocks that run and are past their due moment (count)
  due_24h: clocks that run and are due within 24 hours after the moment of this run (count)
  expected_breaches: how many of due_24h are to be expected still open when they are due - by how many were, of those that ran at this hour of the last 28 days and were due as soon
  expected_low: lower end of the 90 % interval of that, by how far such forecasts missed in those days (not below 0)
  expected_high: upper end of that interval (not above due_24h)
*/
with standing as (
    select
        clocks.clock,
        count(*) filter (where clocks.ended_at is null) as open_now,
        count(*) filter (
            where clocks.ended_at is null and clocks.paused_since is null and run.as_of > clocks.due_at
        ) as overdue_now
    from intermediate.clocks as clocks
    cross join meta.run as run
    where clocks.ended_at is null or clocks.opened_at >= run.as_of - 28 * interval '1' day
    group by clocks.clock
)

select
    standing.clock,
    standing.open_now,
    standing.overdue_now,
    coalesce(scores.due_24h, 0) as due_24h,
    coalesce(scores.expected_breaches, 0) as expected_breaches,
    coalesce(scores.expected_low, 0) as expected_low,
    coalesce(scores.expected_high, 0) as expected_high
from standing
left join marts.forecast_scores as scores on scores.clock = standing.clock and scores.breaches is null
