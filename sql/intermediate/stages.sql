/*
description: The stages that returns went through, each with its owner and how long it took. Imported history has none.
grain: a stage of a return, or of a line or refund of it, that ended
owner: data
refresh: by_key
key: [rma, stage, instance]
sort_by: ended_at
columns:
  rma: the return
  stage: decide (from the application to the first decision), hand_over (from the permission until a carrier or the dock first had the goods), transit (from a carrier's first scan until they first lay on the dock), inspect (from their arrival until a line was inspected), place (from the last inspection until the last goods were given a place) or refund (from the order to pay until the money went back)
  instance: what tells stages of a return apart - the line, the refund, or first
  owner_role: whose work it was - system, reviewer, customer, carrier, inspector or finance
  ended_at: when it ended (UTC)
  day: the shop's day of that
  waited_us: how long it took, pauses included (microseconds)
*/
with lives as (
    select
        returns.rma,
        returns.requested_at,
        case
            when returns.kind = 'withdrawal' then returns.requested_at
            when decisions.decision = 'authorized' then decisions.decided_at
        end as permitted_at,
        decisions.decided_at,
        case when decisions.mode = 'rule' then 'system' else 'reviewer' end as decided_by,
        goods.first_scan_at,
        goods.received_at,
        goods.inspected_at,
        goods.placed_at
    from staging.returns as returns
    left join intermediate.return_decisions as decisions on decisions.rma = returns.rma
    left join intermediate.return_goods as goods on goods.rma = returns.rma
    where not returns.is_imported
),

stages as (
    select
        lives.rma,
        'decide' as stage,
        'first' as instance,
        lives.decided_by as owner_role,
        lives.requested_at as began_at,
        lives.decided_at as ended_at
    from lives
    union all
    select
        lives.rma,
        'hand_over' as stage,
        'first' as instance,
        'customer' as owner_role,
        lives.permitted_at as began_at,
        least(lives.first_scan_at, lives.received_at) as ended_at
    from lives
    union all
    select
        lives.rma,
        'transit' as stage,
        'first' as instance,
        'carrier' as owner_role,
        lives.first_scan_at as began_at,
        lives.received_at as ended_at
    from lives
    union all
    select
        clocks.rma,
        case clocks.clock when 'inspection' then 'inspect' else 'refund' end as stage,
        clocks.instance,
        case clocks.clock when 'inspection' then 'inspector' else 'finance' end as owner_role,
        clocks.opened_at as began_at,
        clocks.ended_at
    from intermediate.return_clocks as clocks
    where clocks.clock in ('inspection', 'refund') and clocks.ended_by = 'done'
    union all
    select
        lives.rma,
        'place' as stage,
        'first' as instance,
        'inspector' as owner_role,
        lives.inspected_at as began_at,
        lives.placed_at as ended_at
    from lives
)

select
    stages.rma,
    stages.stage,
    stages.instance,
    stages.owner_role,
    stages.ended_at,
    cast(stages.ended_at + zone.offset_seconds * interval '1' second as date) as day,
    date_diff('microsecond', stages.began_at, stages.ended_at) as waited_us
from stages
inner join meta.zone_offsets as zone
    on stages.ended_at >= zone.starts_at and stages.ended_at < zone.ends_at
where stages.began_at <= stages.ended_at
