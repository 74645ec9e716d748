/*
description: What buyers did about flags on products, as the log keeps it.
grain: an answer of a buyer
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  event_id: the event's id
  flag_id: the flag that is answered
  sku: product
  step: acknowledged, assigned, action_taken or dismissed
  happened_at: when (UTC)
  by_role: the role of whoever did it
  by_key: their pseudonym; null where nobody told
  owner_key: the buyer whose it became; null of other steps
  action: what was done; null of other steps
  reason: why it was dismissed; null of other steps
  text_ref: the buyer's note in the erasable store; null where there is none
*/
select
    acknowledged.seq,
    acknowledged.id as event_id,
    acknowledged.flag_id,
    acknowledged.sku,
    'acknowledged' as step,
    acknowledged.time as happened_at,
    acknowledged.actor_role as by_role,
    acknowledged.actor_key as by_key,
    cast(null as varchar) as owner_key,
    cast(null as varchar) as action,
    cast(null as varchar) as reason,
    cast(null as varchar) as text_ref
from lake.sku_acknowledged as acknowledged
union all
select
    assigned.seq,
    assigned.id as event_id,
    assigned.flag_id,
    assigned.sku,
    'assigned' as step,
    assigned.time as happened_at,
    assigned.actor_role as by_role,
    assigned.actor_key as by_key,
    assigned.owner_key,
    cast(null as varchar) as action,
    cast(null as varchar) as reason,
    cast(null as varchar) as text_ref
from lake.sku_assigned as assigned
union all
select
    taken.seq,
    taken.id as event_id,
    taken.flag_id,
    taken.sku,
    'action_taken' as step,
    taken.time as happened_at,
    taken.actor_role as by_role,
    taken.actor_key as by_key,
    cast(null as varchar) as owner_key,
    taken.action,
    cast(null as varchar) as reason,
    taken.text_ref
from lake.sku_action_taken as taken
union all
select
    dismissed.seq,
    dismissed.id as event_id,
    dismissed.flag_id,
    dismissed.sku,
    'dismissed' as step,
    dismissed.time as happened_at,
    dismissed.actor_role as by_role,
    dismissed.actor_key as by_key,
    cast(null as varchar) as owner_key,
    cast(null as varchar) as action,
    dismissed.reason,
    dismissed.text_ref
from lake.sku_dismissed as dismissed
