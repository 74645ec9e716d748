/*
description: How each return, or units of it, ended, and when it was closed.
grain: a return of which anything ended
owner: data
refresh: fold
key: [rma]
sort_by: last_move_seq
columns:
  rma: the return
  last_move_seq: place in the log of the last event that ended units or took them up again
  cancelled_at: when the customer last gave units up (UTC)
  expired_at: when units last turned out never to have been sent (UTC)
  kept_at: when it was last granted that the customer keeps units (UTC)
  closed_seq: place in the log of the last closing
  closed_at: when it was last closed (UTC)
  first_closed_at: when it was first closed (UTC)
*/
select
    ends.rma,
    max(ends.seq) filter (where ends.ending <> 'closed') as last_move_seq,
    max(ends.happened_at) filter (where ends.ending = 'cancelled') as cancelled_at,
    max(ends.happened_at) filter (where ends.ending = 'expired') as expired_at,
    max(ends.happened_at) filter (where ends.ending = 'kept') as kept_at,
    max(ends.seq) filter (where ends.ending = 'closed') as closed_seq,
    max(ends.happened_at) filter (where ends.ending = 'closed') as closed_at,
    min(ends.happened_at) filter (where ends.ending = 'closed') as first_closed_at
from staging.return_ends as ends
group by ends.rma
