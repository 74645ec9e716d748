/*
description: How well the shop kept its clocks, by the day on which they were started.
grain: a shop day and a clock
owner: operations
refresh: by_day
key: [day, clock]
volatile: select clocks.day from intermediate.clocks as clocks where clocks.ended_at is null
columns:
  day: the shop's day on which the clocks were started
  clock: decision (from an application to its first decision), review (from when it was put before a human until one decided), inspection (from the goods' arrival until they were inspected, line by line), refund (from the order to pay until the money went back), case (from its opening until it was closed) or first_answer (from what a customer wrote on a case until one of the staff answered, or it was closed)
  opened: clocks started (count) - met, breached, still_open and no_due together
  met: clocks that ended by their due moment, done or no longer needed (count)
  breached: clocks that ended after their due moment, or are still open past it (count)
  still_open: clocks that are open and not yet due (count)
  p50_hours: within this time half of them were done (real hours, pauses left out), by the Kaplan-Meier estimate, in which those still open or no longer needed count for as long as they ran; null where too many are open for it to be known
  p90_hours: within this time nine in ten of them were done (real hours, pauses left out), estimated as p50_hours, the half
  p95_hours: within this time nineteen in twenty of them were done (real hours, pauses left out), estimated as p50_hours, the half
  no_due: clocks without a due moment (count)
  overdue_open: of those breached, still open (count)
  automatic: decisions made by rule, without a human (count); 0 for other clocks
*/
with aged as (
    select
        clocks.day,
        clocks.clock,
        clocks.due_at,
        clocks.ended_at,
        clocks.ended_by,
        clocks.owner_role,
        coalesce(clocks.ended_at, clocks.paused_since, run.as_of) as until_at,
        date_diff(
            'microsecond', clocks.opened_at, coalesce(clocks.ended_at, clocks.paused_since, run.as_of)
        ) - clocks.paused_us as age_us
    from intermediate.clocks as clocks
    cross join meta.run as run
),

counted as (
    select
        aged.day,
        aged.clock,
        count(*) as opened,
        count(*) filter (where aged.ended_at <= aged.due_at) as met,
        count(*) filter (where aged.until_at > aged.due_at) as breached,
        count(*) filter (where aged.ended_at is null and aged.until_at <= aged.due_at) as still_open,
        count(*) filter (where aged.due_at is null) as no_due,
        count(*) filter (where aged.ended_at is null and aged.until_at > aged.due_at) as overdue_open,
        count(*) filter (
            where aged.clock = 'decision' and aged.ended_by = 'done' and aged.owner_role = 'system'
        ) as automatic
    from aged
    group by aged.day, aged.clock
),

ages as (
    select
        aged.day,
        aged.clock,
        aged.age_us,
        count(*) as here,
        count(*) filter (where aged.ended_by = 'done') as done
    from aged
    group by aged.day, aged.clock, aged.age_us
),

at_risk as (
    select
        ages.day,
        ages.clock,
        ages.age_us,
        ages.done,
        sum(ages.here) over (
            partition by ages.day, ages.clock
            order by ages.age_us desc
            rows between unbounded preceding and current row
        ) as at_risk
    from ages
),

survival as (
    select
        at_risk.day,
        at_risk.clock,
        at_risk.age_us,
        sum(
            case
                when at_risk.done < at_risk.at_risk
                    then ln(1 - cast(at_risk.done as double) / nullif(cast(at_risk.at_risk as double), 0))
                else -1000
            end
        ) over (
            partition by at_risk.day, at_risk.clock
            order by at_risk.age_us
            rows between unbounded preceding and current row
        ) as log_survival
    from at_risk
    where at_risk.done > 0
),

percentiles as (
    select
        survival.day,
        survival.clock,
        min(survival.age_us) filter (where survival.log_survival <= ln(0.5) + 1e-9) as p50_us,
        min(survival.age_us) filter (where survival.log_survival <= ln(0.1) + 1e-9) as p90_us,
        min(survival.age_us) filter (where survival.log_survival <= ln(0.05) + 1e-9) as p95_us
    from survival
    group by survival.day, survival.clock
)

select
    counted.day,
    counted.clock,
    counted.opened,
    counted.met,
    counted.breached,
    counted.still_open,
    percentiles.p50_us / 3600000000.0 as p50_hours,
    percentiles.p90_us / 3600000000.0 as p90_hours,
    percentiles.p95_us / 3600000000.0 as p95_hours,
    counted.no_due,
    counted.overdue_open,
    counted.automatic
from counted
left join percentiles on percentiles.day = counted.day and percentiles.clock = counted.clock
