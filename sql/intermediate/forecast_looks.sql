/*
description: What was to be said of the 24 hours after a moment, at this hour of the day now and on each of the last 56 days, by what was known then - and what came.
grain: a clock and a look, where anything was due
owner: data
refresh: full
key: [clock, look]
columns:
  clock: decision, review, inspection, refund, case or first_answer
  look: 0 for the moment of this run, else how many days (of 24 hours) before it
  looked_at: when that was (UTC)
  due: clocks that ran then and were due within 24 hours (count); of past looks without those that ever stood still
  late: of those, how many were still open when they were due (count); 0 of look 0, whose future nobody knows
  expected: how many of them were to be expected late - of each stretch of three hours until the due moment, the share that was late in the 28 looks before; a stretch with few leans towards the share of them all
  variance: of that, were each late by its own chance, with what so few past ones leave unknown of the share
*/
with running as (
    select
        clocks.clock,
        clocks.opened_at,
        clocks.due_at,
        clocks.ended_at,
        clocks.paused_us,
        clocks.paused_since,
        run.as_of,
        cast(
            ceil(date_diff('microsecond', clocks.due_at, run.as_of) / 86400000000.0) as bigint
        ) as look
    from intermediate.clocks as clocks
    cross join meta.run as run
    where
        clocks.due_at >= run.as_of - 84 * interval '1' day
        and clocks.due_at < run.as_of + 1 * interval '1' day
),

seen as (
    select
        running.clock,
        running.look,
        cast(
            floor(
                date_diff(
                    'microsecond', running.as_of - running.look * interval '1' day, running.due_at
                ) / 10800000000.0
            ) as bigint
        ) as stretch,
        running.look > 0 and coalesce(running.ended_at > running.due_at, true) as is_late
    from running
    where
        running.opened_at <= running.as_of - running.look * interval '1' day
        and coalesce(running.ended_at > running.as_of - running.look * interval '1' day, true)
        and running.paused_since is null
        and (running.look = 0 or running.paused_us = 0)
),

stretches as (
    select
        seen.clock,
        seen.look,
        seen.stretch,
        count(*) as due,
        count(*) filter (where seen.is_late) as late
    from seen
    group by seen.clock, seen.look, seen.stretch
),

looks as (
    select
        stretches.clock,
        stretches.look,
        sum(stretches.due) as due,
        sum(stretches.late) as late
    from stretches
    group by stretches.clock, stretches.look
),

shares as (
    select
        looks.clock,
        looks.look,
        coalesce(sum(before.due), 0) as due,
        (coalesce(sum(before.late), 0) + 0.5) / nullif(coalesce(sum(before.due), 0) + 1.0, 0) as share
    from looks
    left join looks as before
        on before.clock = looks.clock and before.look > looks.look and before.look <= looks.look + 28
    where looks.look <= 56
    group by looks.clock, looks.look
),

before as (
    select
        stretches.clock,
        stretches.look,
        stretches.stretch,
        stretches.due as due_now,
        coalesce(sum(before.due), 0) as due,
        coalesce(sum(before.late), 0) as late
    from stretches
    left join stretches as before
        on
            before.clock = stretches.clock
            and before.stretch = stretches.stretch
            and before.look > stretches.look
            and before.look <= stretches.look + 28
    where stretches.look <= 56
    group by stretches.clock, stretches.look, stretches.stretch, stretches.due
),

chances as (
    select
        before.clock,
        before.look,
        before.due_now as due,
        (before.late + 3 * shares.share) / nullif(before.due + 3.0, 0) as chance
    from before
    inner join shares on shares.clock = before.clock and shares.look = before.look
),

-- Sums of decimals are the same in whatever order rows come.
expected as (
    select
        chances.clock,
        chances.look,
        cast(sum(cast(chances.due * chances.chance as decimal(30, 12))) as double) as expected,
        cast(
            sum(cast(chances.due * chances.chance * (1 - chances.chance) as decimal(30, 12))) as double
        ) as variance
    from chances
    group by chances.clock, chances.look
)

select
    looks.clock,
    looks.look,
    run.as_of - looks.look * interval '1' day as looked_at,
    cast(looks.due as bigint) as due,
    cast(looks.late as bigint) as late,
    expected.expected,
    expected.variance
    + cast(looks.due * looks.due as double) * shares.share * (1 - shares.share) / nullif(shares.due + 2.0, 0) as variance
from looks
inner join expected on expected.clock = looks.clock and expected.look = looks.look
inner join shares on shares.clock = looks.clock and shares.look = looks.look
cross join meta.run as run
