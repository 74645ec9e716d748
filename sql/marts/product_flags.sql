/*
description: Every flag on a product with what the run said, and where the buyers are with it.
grain: a flag
owner: merchandising
refresh: full
key: [flag_id]
columns:
  flag_id: id of the flag's event; by it the service's API knows the flag
  sku: product
  title: its name in the shop
  category: shelf; null where the shop gives none
  vendor: supplier; null where the shop gives none
  status: flagged, acknowledged, acted, dismissed, or cleared once its evidence has gone or a newer flag stands
  flagged_at: when the flag was raised (UTC)
  changed_at: when it last changed (UTC)
  owner_key: the buyer whose it is, by pseudonym; null where it is nobody's
  action: the last action that was taken; null where none was
  dismissal_reason: why it was dismissed last; null where it never was
  since: Monday of the week from which the excess gathers
  lift: how many times as often as expected it came back
  lift_low: lower end of its 90 % interval
  lift_high: upper end of its 90 % interval
  excess_units: units that came back beyond expectation
  stream: in which returns the excess shows; null from earlier detectors
  probability: that the product has a problem; null from earlier detectors
  cause: the reason most over-represented; null where none is known
  culprit_dimension: what explains the excess - lot, variant, vendor or region; null where nothing does
  culprit_value: which one
  money_at_risk_minor: what the excess costs in 30 days (minor units); null where it is not known
  currency: ISO 4217 code
  suggested_action: what the run suggests to do; null where no cause was known, and from earlier detectors
*/
with answers as (
    select
        steps.flag_id,
        max(steps.happened_at) as changed_at,
        arg_max(steps.step, case when steps.step <> 'assigned' then steps.seq end) as step,
        arg_max(steps.owner_key, case when steps.step = 'assigned' then steps.seq end) as owner_key,
        arg_max(steps.action, case when steps.step = 'action_taken' then steps.seq end) as action,
        arg_max(steps.reason, case when steps.step = 'dismissed' then steps.seq end) as reason
    from staging.flag_steps as steps
    group by steps.flag_id
),

actors as (
    select
        steps.flag_id,
        arg_min(steps.by_key, steps.seq) as by_key
    from staging.flag_steps as steps
    where steps.step = 'action_taken' and steps.by_role = 'buyer'
    group by steps.flag_id
)

select
    flags.flag_id,
    flags.sku,
    coalesce(products.title, flags.sku) as title,
    products.category,
    products.vendor,
    case
        when flags.ended_at is not null then 'cleared'
        when answers.step = 'action_taken' then 'acted'
        else coalesce(answers.step, 'flagged')
    end as status,
    flags.flagged_at,
    coalesce(flags.ended_at, answers.changed_at, flags.flagged_at) as changed_at,
    coalesce(answers.owner_key, actors.by_key) as owner_key,
    answers.action,
    answers.reason as dismissal_reason,
    flags.since,
    flags.lift,
    flags.lift_low,
    flags.lift_high,
    flags.excess_units,
    flags.stream,
    flags.probability,
    flags.cause,
    flags.culprit_dimension,
    flags.culprit_value,
    flags.money_at_risk_minor,
    flags.currency,
    flags.suggested_action
from intermediate.flags_known as flags
left join answers on answers.flag_id = flags.flag_id
left join actors on actors.flag_id = flags.flag_id
left join staging.products as products on products.sku = flags.sku
