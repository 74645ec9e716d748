/*
description: Every action of a buyer on a flagged product, with the flag that it answers and the weeks in which it is to show.
grain: an action
owner: merchandising
refresh: view
key: [action_id]
columns:
  action_id: id of the action's event
  flag_id: the flag that it answers
  sku: product
  action: what was done
  taken_at: when (UTC)
  taken_by: the buyer's pseudonym; null where nobody told
  assigned_to: the buyer whose flag it was then; null where it was nobody's
  flagged_at: when the flag was raised (UTC)
  since: Monday of the week from which the excess gathered
  lift_before: how many times as often as expected the product came back, as the flag says
  lift_before_low: lower end of its 90 % interval
  lift_before_high: upper end of its 90 % interval
  own_level: what that is measured against, as a multiple of what its peers lead one to expect
  first_week: the first Monday after the action
  end_week: the first Monday after the next action on the product in a later week; null where there is none - actions of one week are measured together
*/
with actions as (
    select
        steps.seq,
        steps.event_id,
        steps.flag_id,
        steps.sku,
        steps.action,
        steps.happened_at,
        steps.by_key,
        cast(
            date_trunc(
                'week', cast(steps.happened_at + zone.offset_seconds * interval '1' second as date)
            ) + interval '7' day as date
        ) as first_week
    from staging.flag_steps as steps
    inner join meta.zone_offsets as zone
        on steps.happened_at >= zone.starts_at and steps.happened_at < zone.ends_at
    where steps.step = 'action_taken'
),

windows as (
    select
        weeks.sku,
        weeks.first_week,
        lead(weeks.first_week) over (partition by weeks.sku order by weeks.first_week) as end_week
    from (select distinct actions.sku, actions.first_week from actions) as weeks
),

owners as (
    select
        actions.event_id,
        arg_max(assigned.owner_key, assigned.seq) as owner_key
    from actions
    inner join staging.flag_steps as assigned
        on assigned.flag_id = actions.flag_id and assigned.seq < actions.seq
    where assigned.step = 'assigned'
    group by actions.event_id
)

select
    actions.event_id as action_id,
    actions.flag_id,
    actions.sku,
    actions.action,
    actions.happened_at as taken_at,
    actions.by_key as taken_by,
    owners.owner_key as assigned_to,
    flags.flagged_at,
    flags.since,
    flags.lift as lift_before,
    flags.lift_low as lift_before_low,
    flags.lift_high as lift_before_high,
    coalesce(flags.own_level, 1.0) as own_level,
    actions.first_week,
    windows.end_week
from actions
inner join windows on windows.sku = actions.sku and windows.first_week = actions.first_week
inner join staging.flags_raised as flags on flags.flag_id = actions.flag_id
left join owners on owners.event_id = actions.event_id
