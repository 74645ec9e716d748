/*
description: The flags that runs raised and cleared, as the log keeps them.
grain: a conclusion on a product
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  sku: product
  is_raised: whether the flag was raised (else cleared)
  concluded_at: the moment that the run was computed for (UTC)
*/
select
    flagged.seq,
    flagged.sku,
    true as is_raised,
    flagged.time as concluded_at
from lake.sku_flagged as flagged
union all
select
    cleared.seq,
    cleared.sku,
    false as is_raised,
    cleared.time as concluded_at
from lake.sku_cleared as cleared
