/*
description: From which step to which each return went, and how long that took.
grain: a step of a return
owner: data
refresh: by_key
partition: rma
key: [seq]
columns:
  rma: the return
  return_seq: place in the log of its first step in order of time, a number that stands for the return
  seq: place in the log of the event that it went to
  place: number of the step within the return, in order of time
  from_no: number of the step before it (staging.return_steps); 0 where there is none
  to_no: number of the step that it went to
  moved_at: when (UTC)
  waited_us: since the step before it (microseconds); null where there is none
*/
select
    steps.rma,
    first_value(steps.seq) over (
        partition by steps.rma order by steps.happened_at, steps.seq
    ) as return_seq,
    steps.seq,
    row_number() over (partition by steps.rma order by steps.happened_at, steps.seq) as place,
    coalesce(
        lag(steps.step_no) over (partition by steps.rma order by steps.happened_at, steps.seq), 0
    ) as from_no,
    steps.step_no as to_no,
    steps.happened_at as moved_at,
    date_diff(
        'microsecond',
        lag(steps.happened_at) over (partition by steps.rma order by steps.happened_at, steps.seq),
        steps.happened_at
    ) as waited_us
from staging.return_steps as steps
