/*
description: What customers' orders came by, each link as it was first told.
grain: a customer and an address, device, phone or payment means of theirs
owner: data
refresh: view
key: [customer_key, kind, token]
columns:
  customer_key: random token of the customer
  kind: address, device, phone or payment
  token: random token of the address, device, phone or payment means; whoever shares it has the same
  order_id: the order that told of it first
  first_seen_at: when that order was placed (UTC)
  seq: the event's place in the log
*/
with links as (
    select
        identified.customer_key,
        'address' as kind,
        identified.address_key as token,
        identified.order_id,
        identified.time as first_seen_at,
        identified.seq
    from lake.customer_identified as identified
    where identified.address_key is not null
    union all
    select
        identified.customer_key,
        'device' as kind,
        identified.device_key as token,
        identified.order_id,
        identified.time as first_seen_at,
        identified.seq
    from lake.customer_identified as identified
    where identified.device_key is not null
    union all
    select
        identified.customer_key,
        'phone' as kind,
        identified.phone_key as token,
        identified.order_id,
        identified.time as first_seen_at,
        identified.seq
    from lake.customer_identified as identified
    where identified.phone_key is not null
    union all
    select
        identified.customer_key,
        'payment' as kind,
        identified.payment_key as token,
        identified.order_id,
        identified.time as first_seen_at,
        identified.seq
    from lake.customer_identified as identified
    where identified.payment_key is not null
)
select
    links.customer_key,
    links.kind,
    links.token,
    links.order_id,
    links.first_seen_at,
    links.seq
from links
qualify row_number() over (partition by links.customer_key, links.kind, links.token order by links.seq) = 1
