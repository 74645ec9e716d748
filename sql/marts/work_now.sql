/*
description: All that somebody is to do now - the shop's own clocks that run, and what customers and carriers are waited for.
grain: something that is waited for on a return or a case; units that wait for the same since the same moment are one
owner: operations
refresh: full
key: [subject, kind, instance]
columns:
  subject: the return, or the case
  kind: what is waited for - review, inspection, refund, case, first_answer; of customers evidence (an answer), appeal, ship_by (the goods), choice (what becomes of them); of carriers transit; of after-sales search; of the dock send_back
  owner_role: whose turn it is
  owner_key: who that is (random token); null where nobody is named
  opened_at: since when it is waited for (UTC); for a parcel, since the last sign of it
  due_at: by when whoever has it now is to act (UTC), for a choice or an appeal as an objection has put it off; null where not told
  paused: whether its clock stands still, waiting for the customer's answer
  rma: the return; null for cases without one
  is_overdue: whether it should have been done by now - by the promise that stood when it began, whatever was told later but for an objection that puts it off; never while it is paused
  hours_over: how long ago the promise ran out by which it is overdue (real hours); null where it is not overdue
  hours_left: until due_at, which an escalation sets anew (real hours, below 0 where it is over); null where not told, and while it is paused
  value_minor: what was paid for the return's units (minor units); null for cases without a return
  currency: ISO 4217 code
  customer_waits_hours: how long the customer has waited since applying, while neither their money went back nor the return was closed (real hours); null else
  items: lines of the return that wait for it together, else 1 (count)
  instance: what tells the same kind apart on a subject - a line, a refund, or the opening's place in the log; of several the first
*/
with late as (
    select
        states.rma,
        states.line_no,
        arg_max(late.next_due_at, late.seq) as next_due_at
    from intermediate.line_states as states
    inner join staging.late_lines as late
        on late.rma = states.rma
        and late.line_no = states.line_no
        and late.seq > states.resolution_seq
    where late.clock = 'send_back'
    group by states.rma, states.line_no
),

put_off as (
    select
        states.rma,
        states.line_no,
        told.clock,
        arg_max(told.due_at, told.seq) as due_at
    from intermediate.line_states as states
    inner join staging.clocks_put_off as told
        on told.rma = states.rma
        and told.seq > case told.clock
            when 'appeal' then states.permission_seq
            else states.resolution_seq
        end
    group by states.rma, states.line_no, told.clock
),

waiting as (
    select
        clocks.subject,
        clocks.clock as kind,
        clocks.owner_role,
        clocks.owner_key,
        clocks.opened_at,
        clocks.next_due_at as due_at,
        clocks.due_at as promised_at,
        clocks.paused_since is not null as paused,
        clocks.rma,
        clocks.instance
    from intermediate.clocks as clocks
    where clocks.ended_at is null and clocks.clock <> 'decision'
    union all
    select
        states.rma as subject,
        case states.permission when 'declined' then 'appeal' else 'evidence' end as kind,
        'customer' as owner_role,
        cast(null as varchar) as owner_key,
        states.permission_since as opened_at,
        coalesce(put_off.due_at, told.due_at) as due_at,
        coalesce(put_off.due_at, told.due_at) as promised_at,
        false as paused,
        states.rma,
        cast(states.line_no as varchar) as instance
    from intermediate.line_states as states
    left join staging.due_moments as told
        on told.rma = states.rma and told.seq = states.permission_seq
    left join put_off
        on put_off.rma = states.rma
        and put_off.line_no = states.line_no
        and put_off.clock = 'appeal'
        and states.permission = 'declined'
    where not states.is_over and states.permission in ('declined', 'info_requested')
    union all
    select
        states.rma as subject,
        case states.reception
            when 'in_transit' then 'transit'
            when 'lost' then 'search'
            else 'ship_by'
        end as kind,
        case states.reception
            when 'in_transit' then 'carrier'
            when 'lost' then 'after_sales'
            else 'customer'
        end as owner_role,
        cast(null as varchar) as owner_key,
        states.reception_since as opened_at,
        told.due_at,
        told.due_at as promised_at,
        false as paused,
        states.rma,
        cast(states.line_no as varchar) as instance
    from intermediate.line_states as states
    left join staging.due_moments as told
        on told.rma = states.rma and told.seq = states.reception_seq
    where
        not states.is_over and states.reception in ('awaited', 'announced', 'in_transit', 'lost')
    union all
    select
        states.rma as subject,
        case states.resolution when 'to_send_back' then 'send_back' else 'choice' end as kind,
        case states.resolution when 'to_send_back' then 'inspector' else 'customer' end as owner_role,
        cast(null as varchar) as owner_key,
        states.resolution_since as opened_at,
        coalesce(late.next_due_at, put_off.due_at, told.due_at) as due_at,
        coalesce(put_off.due_at, told.due_at) as promised_at,
        false as paused,
        states.rma,
        cast(states.line_no as varchar) as instance
    from intermediate.line_states as states
    left join staging.due_moments as told
        on told.rma = states.rma and told.seq = states.resolution_seq
    left join late on late.rma = states.rma and late.line_no = states.line_no
    left join put_off
        on put_off.rma = states.rma
        and put_off.line_no = states.line_no
        and put_off.clock = 'choice'
        and states.resolution = 'awaiting_choice'
    where not states.is_over and states.resolution in ('awaiting_choice', 'to_send_back')
),

gathered as (
    select
        waiting.subject,
        waiting.kind,
        waiting.owner_role,
        waiting.owner_key,
        waiting.opened_at,
        waiting.due_at,
        min(waiting.promised_at) as promised_at,
        waiting.paused,
        waiting.rma,
        min(waiting.instance) as instance,
        count(*) as items
    from waiting
    group by
        waiting.subject,
        waiting.kind,
        waiting.owner_role,
        waiting.owner_key,
        waiting.opened_at,
        waiting.due_at,
        waiting.paused,
        waiting.rma
)

select
    gathered.subject,
    gathered.kind,
    gathered.owner_role,
    gathered.owner_key,
    gathered.opened_at,
    gathered.due_at,
    gathered.paused,
    gathered.rma,
    coalesce(gathered.promised_at < run.as_of and not gathered.paused, false) as is_overdue,
    case
        when gathered.promised_at < run.as_of and not gathered.paused
            then date_diff('microsecond', gathered.promised_at, run.as_of) / 3600000000.0
    end as hours_over,
    case
        when not gathered.paused
            then date_diff('microsecond', run.as_of, gathered.due_at) / 3600000000.0
    end as hours_left,
    lives.value_minor,
    lives.currency,
    case
        when lives.waited_hours is null
            then date_diff('microsecond', lives.requested_at, run.as_of) / 3600000000.0
    end as customer_waits_hours,
    gathered.items,
    gathered.instance
from gathered
cross join meta.run as run
left join marts.return_lifecycle as lives on lives.rma = gathered.rma
where gathered.rma is null or gathered.rma <> gathered.subject or not lives.is_imported
