/*
description: What happened to cases, step by step, with what customers and staff wrote to each other; the automatic acknowledgement answers nothing.
grain: a step of a case
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  case_id: the case
  step: opened, assigned, escalated (nobody closed it in time), answer_escalated (nobody answered its customer in time), asked (its customer wrote), answered (one of the staff wrote to them), closed, or letter where the customer was told of the end in writing
  happened_at: when (UTC)
  kind: such as complaint or stalled; told where it opens
  rma: the return; null for cases without one, told where it opens
  is_from_customer: whether a customer brought it up, told where it opens
  owner_role: whose work it is from then on; null where the step does not change that
  owner_key: who that is; null where nobody is named
  due_at: by when it is to be closed (UTC), told where it opens or escalates
  answer_due_at: by when its customer is to be answered (UTC), told where that begins to be awaited or escalates; null where it does not, or was not told
  outcome: how it ended, told where it closes
*/
select
    opened.seq,
    opened.case_id,
    'opened' as step,
    opened.time as happened_at,
    opened.kind,
    opened.rma,
    opened.actor_role = 'customer' as is_from_customer,
    opened.owner_role,
    opened.owner_key,
    make_timestamp(opened.due_at_us) as due_at,
    make_timestamp(opened.answer_due_at_us) as answer_due_at,
    cast(null as varchar) as outcome
from lake.case_opened as opened
union all
select
    assigned.seq,
    assigned.case_id,
    'assigned' as step,
    assigned.time as happened_at,
    cast(null as varchar) as kind,
    cast(null as varchar) as rma,
    cast(null as boolean) as is_from_customer,
    cast(null as varchar) as owner_role,
    assigned.owner_key,
    cast(null as timestamp) as due_at,
    cast(null as timestamp) as answer_due_at,
    cast(null as varchar) as outcome
from lake.case_assigned as assigned
union all
select
    escalated.seq,
    escalated.case_id,
    case when escalated.clock = 'first_response' then 'answer_escalated' else 'escalated' end as step,
    escalated.time as happened_at,
    cast(null as varchar) as kind,
    cast(null as varchar) as rma,
    cast(null as boolean) as is_from_customer,
    escalated.owner_role,
    escalated.owner_key,
    case when escalated.clock = 'first_response' then null else make_timestamp(escalated.due_at_us) end as due_at,
    case when escalated.clock = 'first_response' then make_timestamp(escalated.due_at_us) end as answer_due_at,
    cast(null as varchar) as outcome
from lake.case_escalated as escalated
union all
select
    messages.seq,
    messages.case_id,
    case messages.direction when 'from_customer' then 'asked' else 'answered' end as step,
    messages.time as happened_at,
    cast(null as varchar) as kind,
    cast(null as varchar) as rma,
    cast(null as boolean) as is_from_customer,
    cast(null as varchar) as owner_role,
    cast(null as varchar) as owner_key,
    cast(null as timestamp) as due_at,
    make_timestamp(messages.answer_due_at_us) as answer_due_at,
    cast(null as varchar) as outcome
from lake.message_written as messages
union all
select
    closed.seq,
    closed.case_id,
    'closed' as step,
    closed.time as happened_at,
    cast(null as varchar) as kind,
    cast(null as varchar) as rma,
    cast(null as boolean) as is_from_customer,
    cast(null as varchar) as owner_role,
    cast(null as varchar) as owner_key,
    cast(null as timestamp) as due_at,
    cast(null as timestamp) as answer_due_at,
    closed.outcome
from lake.case_closed as closed
union all
select
    letters.seq,
    letters.subject as case_id,
    'letter' as step,
    letters.time as happened_at,
    cast(null as varchar) as kind,
    cast(null as varchar) as rma,
    cast(null as boolean) as is_from_customer,
    cast(null as varchar) as owner_role,
    cast(null as varchar) as owner_key,
    cast(null as timestamp) as due_at,
    cast(null as timestamp) as answer_due_at,
    cast(null as varchar) as outcome
from lake.message_sent as letters
where letters.letter = 'case_closed'
