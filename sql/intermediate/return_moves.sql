/*
description: From which step to which each return went, and how long that took.
grain: a step of a return
owner: data
refresh: by_key
partition: rma
key: [seq]
columns:
  rma: the return
  seq: place in the log of the event that it went to
  from_step: the type of the event before it, in order of time; start where there is none
  to_step: the type of the event; end for the closing
  moved_at: when (UTC)
  waited_us: since the event before it (microseconds); null after start
  is_again: whether the return had been at that step before
*/
select
    steps.rma,
    steps.seq,
    coalesce(
        lag(steps.step) over (partition by steps.rma order by steps.happened_at, steps.seq), 'start'
    ) as from_step,
    steps.step as to_step,
    steps.happened_at as moved_at,
    date_diff(
        'microsecond',
        lag(steps.happened_at) over (partition by steps.rma order by steps.happened_at, steps.seq),
        steps.happened_at
    ) as waited_us,
    row_number() over (
        partition by steps.rma, steps.step order by steps.happened_at, steps.seq
    ) > 1 as is_again
from staging.return_steps as steps
