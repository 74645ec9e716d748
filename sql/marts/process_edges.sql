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
  median_hours: how long the move took (real hours, median); null from start
  p90_hours: within this time nine in ten of the moves were made (real hours); null from start
  returns: returns that ever went that way (count)
  share: of all that ever left the step, those that went this way (0 to 1)
  is_designed: whether the service's table of moves lets a line go that way
  strays: of the cases, those of returns of one line that the table of moves does not let it go (count); of several lines each goes its own way
  waiting_hours: how long all the moves of this kind took together (real hours); null from start
  again: of the cases, those that came to a step where the return had been before (count)
*/
with words as (
    select
        0 as step_no,
        'start' as step
    union all
    select
        steps.step_no,
        min(steps.step) as step
    from staging.return_steps as steps
    group by steps.step_no
),

counted as (
    select
        moves.from_no,
        moves.to_no,
        count(*) as cases,
        cast(sum(moves.waited_us) as bigint) as waited_us,
        median(moves.waited_us) as median_us,
        percentile_disc(0.9) within group (order by moves.waited_us) as p90_us
    from intermediate.return_moves as moves
    group by moves.from_no, moves.to_no
),

went as (
    select distinct moves.return_seq * 4096 + moves.from_no * 64 + moves.to_no as way
    from intermediate.return_moves as moves
),

ways as (
    select
        went.way % 4096 as way,
        count(*) as returns
    from went
    group by went.way % 4096
),

first_arrivals as (
    select
        moves.return_seq,
        moves.to_no,
        arg_min(moves.from_no, moves.place) as from_no
    from intermediate.return_moves as moves
    group by moves.return_seq, moves.to_no
),

new_there as (
    select
        arrivals.from_no,
        arrivals.to_no,
        count(*) as cases
    from first_arrivals as arrivals
    group by arrivals.from_no, arrivals.to_no
),

named as (
    select
        counted.from_no,
        counted.to_no,
        came_from.step as from_step,
        went_to.step as to_step,
        design.from_step is not null as is_designed
    from counted
    inner join words as came_from on came_from.step_no = counted.from_no
    inner join words as went_to on went_to.step_no = counted.to_no
    left join marts.process_design as design
        on design.from_step = came_from.step and design.to_step = went_to.step
),

off_design as (
    select
        moves.from_no,
        moves.to_no,
        moves.rma
    from intermediate.return_moves as moves
    inner join named on named.from_no = moves.from_no and named.to_no = moves.to_no
    where not named.is_designed
),

sized as (
    select
        lines.rma,
        count(*) as lines
    from intermediate.lines_now as lines
    where lines.rma in (select off_design.rma from off_design)
    group by lines.rma
),

strays as (
    select
        off_design.from_no,
        off_design.to_no,
        count(*) as strays
    from off_design
    inner join sized on sized.rma = off_design.rma
    where sized.lines = 1
    group by off_design.from_no, off_design.to_no
)

select
    named.from_step,
    named.to_step,
    counted.cases,
    counted.median_us / 3600000000.0 as median_hours,
    counted.p90_us / 3600000000.0 as p90_hours,
    ways.returns,
    cast(counted.cases as double)
    / nullif(cast(sum(counted.cases) over (partition by counted.from_no) as double), 0) as share,
    named.is_designed,
    coalesce(strays.strays, 0) as strays,
    counted.waited_us / 3600000000.0 as waiting_hours,
    counted.cases - coalesce(new_there.cases, 0) as again
from counted
inner join named on named.from_no = counted.from_no and named.to_no = counted.to_no
inner join ways on ways.way = counted.from_no * 64 + counted.to_no
left join strays on strays.from_no = counted.from_no and strays.to_no = counted.to_no
left join new_there on new_there.from_no = counted.from_no and new_there.to_no = counted.to_no
