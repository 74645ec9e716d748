/*
description: What happened while humans were to decide on returns.
grain: an event
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  step: opened, asked (the customer; the clock stands still), answered, unanswered (the time for the answer is over) or escalated
  happened_at: when (UTC)
  due_at_us: until when it is due from then on (microseconds since 1970 UTC); null where not told
*/
select
    opened.seq,
    opened.rma,
    'opened' as step,
    opened.time as happened_at,
    opened.due_at_us
from lake.review_opened as opened
union all
select
    asked.seq,
    asked.rma,
    'asked' as step,
    asked.time as happened_at,
    asked.due_at_us
from lake.evidence_requested as asked
union all
select
    answered.seq,
    answered.rma,
    'answered' as step,
    answered.time as happened_at,
    answered.due_at_us
from lake.evidence_received as answered
union all
select
    unanswered.seq,
    unanswered.rma,
    'unanswered' as step,
    unanswered.time as happened_at,
    unanswered.due_at_us
from lake.evidence_lapsed as unanswered
union all
select
    breached.seq,
    breached.rma,
    'escalated' as step,
    breached.time as happened_at,
    breached.next_due_at_us as due_at_us
from lake.clock_breached as breached
where breached.clock = 'review'
