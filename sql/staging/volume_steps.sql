/*
description: What a day's volume is counted of - orders and returns with their units, and decisions without a human.
grain: an event, or a line of one
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  happened_at: when (UTC)
  orders: orders placed
  units_sold: units sold
  returns: returns applied for and withdrawals declared
  units_returned: units asked back
  auto_decided: returns authorized by rule
*/
select
    orders.seq,
    orders.time as happened_at,
    1 as orders,
    0 as units_sold,
    0 as returns,
    0 as units_returned,
    0 as auto_decided
from lake.order_placed as orders
union all
select
    lines.seq,
    lines.time as happened_at,
    0 as orders,
    lines.quantity as units_sold,
    0 as returns,
    0 as units_returned,
    0 as auto_decided
from lake.order_placed_lines as lines
union all
select
    returns.seq,
    returns.requested_at as happened_at,
    0 as orders,
    0 as units_sold,
    1 as returns,
    0 as units_returned,
    0 as auto_decided
from staging.returns as returns
union all
select
    lines.seq,
    lines.requested_at as happened_at,
    0 as orders,
    0 as units_sold,
    0 as returns,
    lines.quantity as units_returned,
    0 as auto_decided
from staging.return_lines as lines
union all
select
    decisions.seq,
    decisions.decided_at as happened_at,
    0 as orders,
    0 as units_sold,
    0 as returns,
    0 as units_returned,
    1 as auto_decided
from staging.decisions as decisions
where decisions.decision = 'authorized' and decisions.mode = 'rule'
