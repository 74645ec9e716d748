/*
description: What an assessment may know of customers, orders and goods, each fact as the log told it. The service keeps the same rows beside its own log.
grain: a fact
owner: data
refresh: view
key: []
columns:
  seq: the place in the log of the event that told it; whoever judges at a place knows what stands before
  fact: order, order_line, delivery, return, withdrawal, return_line, good, bad, decline, not_sent, claim, link, product or profile
  at_us: when it happened (microseconds since 1970, UTC); null where that says nothing
  customer_key: random token of the customer; null where the event does not name one
  order_id: the order; null where the event does not name one
  rma: the return; null where the event does not name one
  sku: the product; null where the event does not name one
  token: random token of an address, device, phone or payment means; of a profile the category; else null
  word: reason of a return line, kind of a link, category of a product, rate of a profile; else null
  units: units of a line; else null
  amount: list price (minor units) of a product; 1 for an order line with a discount of its own, else 0; value (millionths) of a profile; else null
*/
select
    orders.seq,
    'order' as fact,
    date_diff('microsecond', timestamp '1970-01-01', orders.time) as at_us,
    orders.customer_key,
    orders.order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.order_placed as orders
union all
select
    lines.seq,
    'order_line' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    lines.subject as order_id,
    cast(null as varchar) as rma,
    lines.sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    lines.quantity as units,
    cast(case when lines.discount_minor > 0 then 1 else 0 end as bigint) as amount
from lake.order_placed_lines as lines
union all
select
    deliveries.seq,
    'delivery' as fact,
    date_diff('microsecond', timestamp '1970-01-01', deliveries.time) as at_us,
    cast(null as varchar) as customer_key,
    deliveries.order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.order_delivered as deliveries
union all
select
    returns.seq,
    'return' as fact,
    date_diff('microsecond', timestamp '1970-01-01', returns.time) as at_us,
    returns.customer_key,
    returns.order_id,
    returns.rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.return_requested as returns
union all
select
    withdrawals.seq,
    'withdrawal' as fact,
    date_diff('microsecond', timestamp '1970-01-01', withdrawals.time) as at_us,
    withdrawals.customer_key,
    withdrawals.order_id,
    withdrawals.rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.return_withdrawn as withdrawals
union all
select
    lines.seq,
    'return_line' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    lines.order_id,
    lines.subject as rma,
    lines.sku,
    cast(null as varchar) as token,
    lines.reason as word,
    lines.quantity as units,
    cast(null as bigint) as amount
from lake.return_requested_lines as lines
union all
select
    lines.seq,
    'return_line' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    lines.order_id,
    lines.subject as rma,
    lines.sku,
    cast(null as varchar) as token,
    lines.reason as word,
    lines.quantity as units,
    cast(null as bigint) as amount
from lake.return_withdrawn_lines as lines
union all
select
    inspected.seq,
    'good' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    inspected.rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    inspected.inspection_depth as word,
    inspected.quantity as units,
    cast(null as bigint) as amount
from lake.line_inspected as inspected
where inspected.outcome = 'passed'
union all
select
    inspected.seq,
    'bad' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    inspected.rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    inspected.outcome as word,
    inspected.quantity as units,
    cast(null as bigint) as amount
from lake.line_inspected as inspected
where inspected.outcome in ('failed', 'short', 'wrong_item', 'empty')
union all
select
    declined.seq,
    'decline' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    declined.rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.return_declined as declined
union all
select
    cancelled.seq,
    'not_sent' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    cancelled.rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.return_cancelled as cancelled
union all
select
    expired.seq,
    'not_sent' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    expired.rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.return_expired as expired
union all
select
    cases.seq,
    'claim' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cases.order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    cast(null as varchar) as token,
    cast(null as varchar) as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.case_opened as cases
where cases.kind = 'not_received' and cases.order_id is not null
union all
select
    identified.seq,
    'link' as fact,
    cast(null as bigint) as at_us,
    identified.customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    identified.address_key as token,
    'address' as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.customer_identified as identified
where identified.address_key is not null
union all
select
    identified.seq,
    'link' as fact,
    cast(null as bigint) as at_us,
    identified.customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    identified.device_key as token,
    'device' as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.customer_identified as identified
where identified.device_key is not null
union all
select
    identified.seq,
    'link' as fact,
    cast(null as bigint) as at_us,
    identified.customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    identified.phone_key as token,
    'phone' as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.customer_identified as identified
where identified.phone_key is not null
union all
select
    identified.seq,
    'link' as fact,
    cast(null as bigint) as at_us,
    identified.customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    identified.payment_key as token,
    'payment' as word,
    cast(null as bigint) as units,
    cast(null as bigint) as amount
from lake.customer_identified as identified
where identified.payment_key is not null
union all
select
    products.seq,
    'product' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    products.sku,
    cast(null as varchar) as token,
    products.category as word,
    cast(null as bigint) as units,
    products.price_minor as amount
from lake.product_upserted as products
union all
select
    profiles.seq,
    'profile' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    profiles.category as token,
    'return_rate' as word,
    cast(null as bigint) as units,
    profiles.return_rate as amount
from lake.category_profiled as profiles
union all
select
    profiles.seq,
    'profile' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    profiles.category as token,
    'abuse_rate' as word,
    cast(null as bigint) as units,
    profiles.abuse_rate as amount
from lake.category_profiled as profiles
union all
select
    profiles.seq,
    'profile' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    profiles.category as token,
    'lean' as word,
    cast(null as bigint) as units,
    profiles.lean as amount
from lake.category_profiled as profiles
union all
select
    profiles.seq,
    'profile' as fact,
    cast(null as bigint) as at_us,
    cast(null as varchar) as customer_key,
    cast(null as varchar) as order_id,
    cast(null as varchar) as rma,
    cast(null as varchar) as sku,
    profiles.category as token,
    'price' as word,
    cast(null as bigint) as units,
    profiles.price_minor as amount
from lake.category_profiled as profiles
where profiles.price_minor is not null
