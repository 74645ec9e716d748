/*
description: Every clock that the shop must keep, of returns and of cases.
grain: a clock that was started
owner: data
refresh: view
key: [subject, clock, instance]
columns:
  subject: the return, or the case
  clock: decision, review, inspection, refund, case (from its opening until it is closed) or first_answer (from what a customer wrote, opening a case or on one, until one of the staff wrote to them, for which the automatic acknowledgement does not count, or it was closed)
  instance: what tells clocks of a subject apart
  rma: the return; null for cases without one
  opened_at: when it was started (UTC)
  day: the shop's day of that
  due_at: by when it is to end, as was promised when it was started, moved by pauses that are over (UTC); what follows a missed promise, such as an escalation, moves nothing
  ended_at: when it ended (UTC); null while it is open
  ended_by: done, or dropped where nothing was to be done any more; null while it is open
  paused_us: pauses that are over (microseconds)
  paused_since: since when it stands still (UTC); null unless it does now
  hours: how long it ran, pauses left out (real hours); null while it is open
  owner_role: whose work it is, or was
  owner_key: who that is; null where nobody is named
  next_due_at: by when whoever has it now is to act (UTC)
*/
select
    clocks.rma as subject,
    clocks.clock,
    clocks.instance,
    clocks.rma,
    clocks.opened_at,
    clocks.day,
    clocks.due_at,
    clocks.ended_at,
    clocks.ended_by,
    clocks.paused_us,
    clocks.paused_since,
    (date_diff('microsecond', clocks.opened_at, clocks.ended_at) - clocks.paused_us)
    / 3600000000.0 as hours,
    clocks.owner_role,
    clocks.owner_key,
    clocks.next_due_at
from intermediate.return_clocks as clocks
union all
select
    cases.case_id as subject,
    'case' as clock,
    'first' as instance,
    cases.rma,
    cases.opened_at,
    cases.day,
    cases.first_due_at as due_at,
    cases.closed_at as ended_at,
    case when cases.closed_at is not null then 'done' end as ended_by,
    cast(0 as bigint) as paused_us,
    cast(null as timestamp) as paused_since,
    date_diff('microsecond', cases.opened_at, cases.closed_at) / 3600000000.0 as hours,
    cases.owner_role,
    case when cases.owner_key <> '' then cases.owner_key end as owner_key,
    cases.due_at as next_due_at
from intermediate.case_lives as cases
where cases.opened_at is not null
union all
select
    answers.case_id as subject,
    'first_answer' as clock,
    answers.instance,
    answers.rma,
    answers.opened_at,
    answers.day,
    answers.due_at,
    answers.ended_at,
    case when answers.ended_at is not null then 'done' end as ended_by,
    cast(0 as bigint) as paused_us,
    cast(null as timestamp) as paused_since,
    date_diff('microsecond', answers.opened_at, answers.ended_at) / 3600000000.0 as hours,
    answers.owner_role,
    answers.owner_key,
    answers.next_due_at
from intermediate.case_answers as answers
