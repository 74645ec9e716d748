/*
description: Every wait of a customer for an answer on a case - from what they wrote until one of the staff wrote to them, or it was closed. Writing once more while an answer is awaited begins no other wait.
grain: a wait for an answer
owner: data
refresh: by_key
key: [case_id, instance]
columns:
  case_id: the case
  instance: what tells waits of a case apart - first where it opened with the customer's own words, else the message's place in the log
  rma: the return; null for cases without one
  opened_at: when the customer wrote (UTC)
  day: the shop's day of that
  due_at: by when they were to be answered (UTC) - as the event told, else 24 hours later
  ended_at: when they were answered, or the case closed (UTC); null while they wait
  owner_role: whose work the case is, or was
  owner_key: who that is; null where nobody is named
  next_due_at: by when whoever has it now is to answer (UTC)
*/
with turns as (
    select
        steps.case_id,
        steps.seq,
        steps.step,
        steps.happened_at,
        steps.answer_due_at,
        steps.step in ('opened', 'asked') as is_asking
    from staging.case_steps as steps
    where
        steps.step in ('asked', 'answered', 'letter', 'closed')
        or (steps.step = 'opened' and steps.is_from_customer)
),

told as (
    select
        turns.case_id,
        turns.seq,
        turns.step,
        turns.happened_at,
        turns.answer_due_at,
        turns.is_asking,
        coalesce(
            lag(turns.is_asking) over (partition by turns.case_id order by turns.seq), false
        ) as was_asking
    from turns
),

waits as (
    select
        told.case_id,
        told.seq,
        told.step,
        told.happened_at as opened_at,
        told.answer_due_at,
        told.is_asking,
        lead(told.seq) over (partition by told.case_id order by told.seq) as ended_seq,
        lead(told.happened_at) over (partition by told.case_id order by told.seq) as ended_at
    from told
    where told.is_asking <> told.was_asking
),

escalated as (
    select
        waits.case_id,
        waits.seq,
        arg_max(steps.answer_due_at, steps.seq) as next_due_at
    from waits
    inner join staging.case_steps as steps
        on steps.case_id = waits.case_id
        and steps.step = 'answer_escalated'
        and steps.seq > waits.seq
        and (waits.ended_seq is null or steps.seq < waits.ended_seq)
    where waits.is_asking
    group by waits.case_id, waits.seq
),

due as (
    select
        waits.case_id,
        waits.seq,
        waits.step,
        waits.opened_at,
        coalesce(waits.answer_due_at, waits.opened_at + 24 * interval '1' hour) as due_at,
        waits.ended_at
    from waits
    where waits.is_asking
)

select
    due.case_id,
    case due.step when 'opened' then 'first' else cast(due.seq as varchar) end as instance,
    cases.rma,
    due.opened_at,
    cast(due.opened_at + zone.offset_seconds * interval '1' second as date) as day,
    due.due_at,
    due.ended_at,
    cases.owner_role,
    case when cases.owner_key <> '' then cases.owner_key end as owner_key,
    coalesce(escalated.next_due_at, due.due_at) as next_due_at
from due
inner join intermediate.case_lives as cases on cases.case_id = due.case_id
inner join meta.zone_offsets as zone
    on due.opened_at >= zone.starts_at and due.opened_at < zone.ends_at
left join escalated on escalated.case_id = due.case_id and escalated.seq = due.seq
