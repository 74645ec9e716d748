/*
description: Every case from its opening to its end.
grain: a case
owner: data
refresh: fold
key: [case_id]
columns:
  case_id: the case
  kind: such as complaint or stalled
  rma: the return; null for cases without one
  is_from_customer: whether a customer brought it up
  opened_at: when (UTC)
  day: the shop's day on which it opened
  week_start: Monday of that day's week
  first_due_at: by when it was to be closed when it opened (UTC)
  due_seq: place in the log at which its due moment was told last
  due_at: by when it is to be closed now (UTC)
  role_seq: place in the log at which it was told last whose work it is
  owner_role: whose work it is now
  owner_seq: place in the log at which its owner was told last
  owner_key: who that is; empty where nobody is named
  escalations: how often the time ran out to close it, or to answer its customer (count)
  first_answer_at: when one of the staff first wrote to its customer, for which the automatic acknowledgement does not count, or it closed (UTC); null until then
  closed_at: when it ended (UTC); null while it is open
  outcome: how it ended
*/
select
    steps.case_id,
    min(steps.kind) as kind,
    min(steps.rma) as rma,
    bool_or(steps.is_from_customer) as is_from_customer,
    min(steps.happened_at) filter (where steps.step = 'opened') as opened_at,
    min(cast(steps.happened_at + zone.offset_seconds * interval '1' second as date)) filter (
        where steps.step = 'opened'
    ) as day,
    min(
        cast(
            date_trunc('week', cast(steps.happened_at + zone.offset_seconds * interval '1' second as date)) as date
        )
    ) filter (where steps.step = 'opened') as week_start,
    min(steps.due_at) filter (where steps.step = 'opened') as first_due_at,
    max(steps.seq) filter (where steps.step in ('opened', 'escalated')) as due_seq,
    arg_max(steps.due_at, steps.seq) filter (where steps.step in ('opened', 'escalated')) as due_at,
    max(steps.seq) filter (where steps.step in ('opened', 'escalated', 'answer_escalated')) as role_seq,
    arg_max(steps.owner_role, steps.seq) filter (
        where steps.step in ('opened', 'escalated', 'answer_escalated')
    ) as owner_role,
    max(steps.seq) filter (
        where steps.step in ('opened', 'assigned', 'escalated', 'answer_escalated')
    ) as owner_seq,
    arg_max(coalesce(steps.owner_key, ''), steps.seq) filter (
        where steps.step in ('opened', 'assigned', 'escalated', 'answer_escalated')
    ) as owner_key,
    count(*) filter (where steps.step in ('escalated', 'answer_escalated')) as escalations,
    min(steps.happened_at) filter (where steps.step in ('answered', 'letter', 'closed')) as first_answer_at,
    min(steps.happened_at) filter (where steps.step = 'closed') as closed_at,
    min(steps.outcome) as outcome
from staging.case_steps as steps
inner join meta.zone_offsets as zone
    on steps.happened_at >= zone.starts_at and steps.happened_at < zone.ends_at
group by steps.case_id
