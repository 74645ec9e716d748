/*
description: When goods of a return first lay on the dock.
grain: a return of which anything came
owner: data
refresh: fold
key: [rma]
columns:
  rma: the return
  first_received_at: when (UTC)
*/
select
    received.rma,
    min(received.time) as first_received_at
from lake.return_received as received
group by received.rma
