/*
description: What each return is about, as it was applied for.
grain: a return
owner: data
refresh: fold
key: [rma]
sort_by: rma
columns:
  rma: the return
  lines: lines of the application (count)
  units: units in them
  value_minor: what was paid for the units (minor units)
*/
select
    lines.rma,
    count(*) as lines,
    cast(sum(lines.quantity) as bigint) as units,
    cast(sum(lines.value_minor) as bigint) as value_minor
from staging.return_lines as lines
group by lines.rma
