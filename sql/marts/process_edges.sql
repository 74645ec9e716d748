/*
description: The process as it is - how often returns went from one step to the next, and how long that took.
grain: a step and the next
owner: operations
refresh: full
key: [from_step, to_step]
columns:
  from_step: the type of an event that moved a line of a return; start before the first
  to_step: the type of the event that came next on the return, in order of time; the same again where it happened twice; end for the closing
  cases: how often a return went that way (count)
  median_hours: how long that took (real hours, median); null from start
  p90_hours: within this time nine in ten were there (real hours); null from start
  returns: returns that ever went that way (count)
  share: of all that ever left the step, those that went this way (0 to 1)
  is_designed: whether the service's table of moves lets a line go that way
  strays: of the cases, those of returns of one line that the table of moves does not let it go (count); of several lines each goes its own way
  waiting_hours: how long all of them together took (real hours); null from start
  again: of the cases, those that came to a step where the return had been before (count)
*/
with sized as (
    select
        lines.rma,
        count(*) as lines
    from intermediate.lines_now as lines
    group by lines.rma
),

by_return as (
    select
        moves.from_step,
        moves.to_step,
        moves.rma,
        count(*) as cases,
        sum(moves.waited_us) as waited_us,
        count(*) filter (where moves.is_again) as again
    from intermediate.return_moves as moves
    group by moves.from_step, moves.to_step, moves.rma
),

counted as (
    select
        by_return.from_step,
        by_return.to_step,
        cast(sum(by_return.cases) as bigint) as cases,
        count(*) as returns,
        cast(sum(by_return.waited_us) as bigint) as waited_us,
        cast(sum(by_return.again) as bigint) as again,
        cast(sum(case when sized.lines = 1 then by_return.cases else 0 end) as bigint) as of_one_line
    from by_return
    inner join sized on sized.rma = by_return.rma
    group by by_return.from_step, by_return.to_step
),

waits as (
    select
        moves.from_step,
        moves.to_step,
        moves.waited_us,
        count(*) as here
    from intermediate.return_moves as moves
    where moves.waited_us is not null
    group by moves.from_step, moves.to_step, moves.waited_us
),

ranked as (
    select
        waits.from_step,
        waits.to_step,
        waits.waited_us,
        sum(waits.here) over (
            partition by waits.from_step, waits.to_step
            order by waits.waited_us
            rows between unbounded preceding and current row
        ) as so_far,
        sum(waits.here) over (partition by waits.from_step, waits.to_step) as in_all
    from waits
),

times as (
    select
        ranked.from_step,
        ranked.to_step,
        min(ranked.waited_us) filter (where ranked.so_far * 2 >= ranked.in_all) as lower_us,
        min(ranked.waited_us) filter (where ranked.so_far * 2 > ranked.in_all) as upper_us,
        min(ranked.waited_us) filter (where ranked.so_far * 10 >= ranked.in_all * 9) as p90_us
    from ranked
    group by ranked.from_step, ranked.to_step
)

select
    counted.from_step,
    counted.to_step,
    counted.cases,
    (times.lower_us + times.upper_us) / 7200000000.0 as median_hours,
    times.p90_us / 3600000000.0 as p90_hours,
    counted.returns,
    cast(counted.cases as double)
    / nullif(cast(sum(counted.cases) over (partition by counted.from_step) as double), 0) as share,
    design.from_step is not null as is_designed,
    case when design.from_step is null then counted.of_one_line else 0 end as strays,
    counted.waited_us / 3600000000.0 as waiting_hours,
    counted.again
from counted
left join times on times.from_step = counted.from_step and times.to_step = counted.to_step
left join marts.process_design as design
    on design.from_step = counted.from_step and design.to_step = counted.to_step
