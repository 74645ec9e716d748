/*
description: When each return's goods were where.
grain: a return whose goods anything is told of
owner: data
refresh: fold
key: [rma]
sort_by: last_move_seq
columns:
  rma: the return
  last_move_seq: place in the log of the last event that moved goods of it
  announced_at: when the customer first said how they come (UTC)
  first_scan_at: when a carrier first had any in hand (UTC)
  delivered_at: when a carrier first said that it brought some to the warehouse (UTC)
  received_at: when the first of them reached the dock (UTC)
  inspected_at: when the last of them so far was inspected, or accepted without (UTC)
  first_inspected_at: when the first of them was inspected, or accepted without (UTC)
  placed_at: when the last of them so far was given a place (UTC)
  was_inspected_fully: whether any was looked at closely; null before inspection, and where the depth is not told
*/
select
    steps.rma,
    max(steps.seq) filter (where steps.step <> 'dispositioned') as last_move_seq,
    min(steps.happened_at) filter (where steps.step = 'announced') as announced_at,
    min(steps.happened_at) filter (
        where steps.step in ('picked_up', 'in_transit', 'delivered')
    ) as first_scan_at,
    min(steps.happened_at) filter (where steps.step = 'delivered') as delivered_at,
    min(steps.happened_at) filter (where steps.step = 'received') as received_at,
    max(steps.happened_at) filter (where steps.step in ('inspected', 'waived')) as inspected_at,
    min(steps.happened_at) filter (where steps.step in ('inspected', 'waived')) as first_inspected_at,
    max(steps.happened_at) filter (where steps.step = 'dispositioned') as placed_at,
    bool_or(steps.depth = 'full') as was_inspected_fully
from staging.goods_steps as steps
group by steps.rma
