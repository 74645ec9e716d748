/*
description: What buyers did about flagged products, and whether it helped.
grain: an action
owner: merchandising
refresh: full
key: [action_id]
columns:
  action_id: id of the action's event
  flag_id: the flag that it answers
  sku: product
  title: its name in the shop
  category: shelf; null where the shop gives none
  vendor: supplier; null where the shop gives none
  action: fix_listing, size_note, supplier_claim, stop_buying or mark_down
  taken_at: when (UTC)
  taken_by: the buyer's pseudonym; null where nobody told
  assigned_to: the buyer whose flag it was then; null where it was nobody's
  flagged_at: when the flag was raised (UTC)
  since: Monday of the week from which the excess gathered
  lift_before: how many times as often as expected the product came back, as the flag says
  lift_before_low: lower end of its 90 % interval
  lift_before_high: upper end of its 90 % interval
  compared: sold_after - returns of goods sold from the first Monday after the action on; returned_after - all returns of those weeks, where the shop's returns seldom name their order
  weeks_after: whole weeks since the first Monday after the action
  returns_after: units that came back, of those compared
  expected_after: units that were to be expected back of them, had the product come back as it did before its problem
  lift_after: how many times as often as expected the product came back after the action; null where nothing was to be expected
  lift_after_low: lower end of its 90 % interval
  lift_after_high: upper end of its 90 % interval
  verdict: worked - at least half of the excess has gone; did_not - less than half has; too_early to say
*/
select
    actions.action_id,
    actions.flag_id,
    actions.sku,
    coalesce(products.title, actions.sku) as title,
    products.category,
    products.vendor,
    actions.action,
    actions.taken_at,
    actions.taken_by,
    actions.assigned_to,
    actions.flagged_at,
    actions.since,
    actions.lift_before,
    actions.lift_before_low,
    actions.lift_before_high,
    effects.compared,
    effects.weeks_after,
    effects.returns_after,
    effects.expected_after,
    effects.lift_after,
    effects.lift_after_low,
    effects.lift_after_high,
    effects.verdict
from intermediate.flag_actions as actions
inner join intermediate.flag_effects as effects on effects.action_id = actions.action_id
left join staging.products as products on products.sku = actions.sku
