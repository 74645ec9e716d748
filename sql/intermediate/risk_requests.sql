/*
description: The applications that a risk assessment is for, with what it knows of each by itself. Withdrawals are never assessed.
grain: an application
owner: data
refresh: view
key: [rma]
columns:
  rma: the return
  as_of_seq: events up to here were known; where nothing was assessed, those before the application
  customer_key: random token of the customer; null where the shop does not know one
  order_id: the order; null where its lines are of several
  at_us: when it was made (microseconds since 1970, UTC)
  hour: the hour of the shop's day in which it was made, 0 to 23
  returnable_until_us: the end of the first window of its lines to close (microseconds since 1970, UTC); null where it did not say
*/
select
    requests.rma,
    coalesce(assessed.as_of_seq, requests.seq - 1) as as_of_seq,
    requests.customer_key,
    requests.order_id,
    date_diff('microsecond', timestamp '1970-01-01', requests.time) as at_us,
    extract(hour from requests.time + zone.offset_seconds * interval '1' second) as hour,
    requests.returnable_until_us
from lake.return_requested as requests
inner join meta.zone_offsets as zone
    on requests.time >= zone.starts_at and requests.time < zone.ends_at
left join lake.return_assessed as assessed on assessed.rma = requests.rma
