/*
description: How many promises are likely to be broken within the next 24 hours, if work goes on as in the last 28 days.
grain: a clock
owner: operations
refresh: full
key: [clock]
columns:
  clock: decision, review, inspection, refund, case or first_answer
  open_now: clocks that run or stand still (count)
  overdue_now: of them, past their due moment (count)
  due_24h: of them, running and due within 24 hours after the moment of this run (count)
  expected_breaches: how many of due_24h are to be expected still open when they are due - for each the chance that one which is as old now will reach the age at which it is due, by the Kaplan-Meier curve of the clocks started in the last 28 days; certain where none so old was ever done
  expected_low: lower end of the 90 % interval of that, as if each were drawn by its own chance (normal approximation, not below 0)
  expected_high: upper end of that interval (not above due_24h)
*/
with now as (
    select
        clocks.subject,
        clocks.clock,
        clocks.instance,
        clocks.opened_at,
        clocks.due_at,
        clocks.ended_at,
        clocks.ended_by,
        clocks.paused_us,
        clocks.paused_since,
        run.as_of,
        date_diff(
            'microsecond', clocks.opened_at, coalesce(clocks.ended_at, clocks.paused_since, run.as_of)
        ) - clocks.paused_us as age_us,
        coalesce(clocks.ended_at, clocks.paused_since, run.as_of) > clocks.due_at as is_late
    from intermediate.clocks as clocks
    cross join meta.run as run
    where clocks.ended_at is null or clocks.opened_at >= run.as_of - 28 * interval '1' day
),

ages as (
    select
        now.clock,
        now.age_us,
        count(*) as here,
        count(*) filter (where now.ended_by = 'done') as done
    from now
    where now.opened_at >= now.as_of - 28 * interval '1' day
    group by now.clock, now.age_us
),

at_risk as (
    select
        ages.clock,
        ages.age_us,
        ages.done,
        sum(ages.here) over (
            partition by ages.clock
            order by ages.age_us desc
            rows between unbounded preceding and current row
        ) as at_risk
    from ages
),

survival as (
    select
        at_risk.clock,
        at_risk.age_us,
        sum(
            case
                when at_risk.done < at_risk.at_risk
                    then ln(1 - cast(at_risk.done as double) / nullif(cast(at_risk.at_risk as double), 0))
                else -1000
            end
        ) over (
            partition by at_risk.clock
            order by at_risk.age_us
            rows between unbounded preceding and current row
        ) as log_survival
    from at_risk
    where at_risk.done > 0
),

soon as (
    select
        now.subject,
        now.clock,
        now.instance,
        now.age_us,
        date_diff('microsecond', now.opened_at, now.due_at) - now.paused_us as due_age_us
    from now
    where
        now.ended_at is null
        and now.paused_since is null
        and now.due_at >= now.as_of
        and now.due_at <= now.as_of + 24 * interval '1' hour
),

asked as (
    select
        survival.clock,
        survival.age_us,
        0 as place,
        survival.log_survival,
        cast(null as varchar) as subject,
        cast(null as varchar) as instance
    from survival
    union all
    select
        soon.clock,
        soon.age_us,
        1 as place,
        cast(null as double) as log_survival,
        soon.subject,
        soon.instance
    from soon
    union all
    select
        soon.clock,
        soon.due_age_us as age_us,
        2 as place,
        cast(null as double) as log_survival,
        soon.subject,
        soon.instance
    from soon
),

answered as (
    select
        asked.clock,
        asked.subject,
        asked.instance,
        asked.place,
        coalesce(
            min(asked.log_survival) over (
                partition by asked.clock
                order by asked.age_us, asked.place
                rows between unbounded preceding and current row
            ),
            0
        ) as log_survival
    from asked
),

chances as (
    select
        answered.clock,
        answered.subject,
        answered.instance,
        case
            when max(answered.log_survival) filter (where answered.place = 1) <= -1000 then 1
            else exp(
                min(answered.log_survival) filter (where answered.place = 2)
                - max(answered.log_survival) filter (where answered.place = 1)
            )
        end as chance
    from answered
    where answered.place > 0
    group by answered.clock, answered.subject, answered.instance
),

expected as (
    select
        chances.clock,
        count(*) as due_24h,
        cast(sum(cast(round(chances.chance * 1000000000000) as bigint)) as double) / 1000000000000 as breaches,
        1.6448536269514722 * sqrt(
            cast(sum(cast(round(chances.chance * (1 - chances.chance) * 1000000000000) as bigint)) as double)
            / 1000000000000
        ) as margin
    from chances
    group by chances.clock
),

standing as (
    select
        now.clock,
        count(*) filter (where now.ended_at is null) as open_now,
        count(*) filter (where now.ended_at is null and now.is_late) as overdue_now
    from now
    group by now.clock
)

select
    standing.clock,
    standing.open_now,
    standing.overdue_now,
    coalesce(expected.due_24h, 0) as due_24h,
    coalesce(expected.breaches, 0) as expected_breaches,
    coalesce(greatest(0, expected.breaches - expected.margin), 0) as expected_low,
    coalesce(least(expected.due_24h, expected.breaches + expected.margin), 0) as expected_high
from standing
left join expected on expected.clock = standing.clock
