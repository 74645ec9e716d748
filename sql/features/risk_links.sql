/*
description: What was known of others who share an address, a device, a phone or a payment means with the customer of an application.
grain: an application
owner: data
refresh: view
key: [rma]
columns:
  rma: the return
  same_address: other customers at an address of theirs (count)
  same_device: other customers with a device of theirs (count)
  same_phone: other customers with a phone of theirs (count)
  same_payment: other customers with a payment means of theirs (count)
  linked_returns: returns of all these (count)
  linked_bad: those of them that did not pass an inspection (count)
  linked_claims: orders of theirs that were said not to have come (count)
*/
with others as (
    select distinct
        request.rma,
        request.as_of_seq,
        own.word as kind,
        links.customer_key
    from intermediate.risk_requests as request
    inner join intermediate.risk_facts as own
        on own.customer_key = request.customer_key and own.fact = 'link' and own.seq <= request.as_of_seq
    inner join intermediate.risk_facts as links
        on links.token = own.token and links.fact = 'link' and links.seq <= request.as_of_seq
    where links.customer_key <> request.customer_key
),

counted as (
    select
        others.rma,
        sum(case when others.kind = 'address' then 1 else 0 end) as same_address,
        sum(case when others.kind = 'device' then 1 else 0 end) as same_device,
        sum(case when others.kind = 'phone' then 1 else 0 end) as same_phone,
        sum(case when others.kind = 'payment' then 1 else 0 end) as same_payment
    from others
    group by others.rma
),

people as (
    select distinct
        others.rma,
        others.as_of_seq,
        others.customer_key
    from others
),

theirs as (
    select
        people.rma,
        people.as_of_seq,
        facts.fact,
        facts.order_id,
        facts.rma as other_rma
    from people
    inner join intermediate.risk_facts as facts
        on facts.customer_key = people.customer_key
        and facts.fact in ('order', 'return', 'withdrawal')
        and facts.seq <= people.as_of_seq
),

returned as (
    select
        theirs.rma,
        count(distinct theirs.other_rma) as linked_returns,
        count(distinct bad.rma) as linked_bad
    from theirs
    left join intermediate.risk_facts as bad
        on bad.rma = theirs.other_rma and bad.fact = 'bad' and bad.seq <= theirs.as_of_seq
    where theirs.fact in ('return', 'withdrawal')
    group by theirs.rma
),

complaints as (
    select
        theirs.rma,
        count(*) as linked_claims
    from theirs
    inner join intermediate.risk_facts as claims
        on claims.order_id = theirs.order_id and claims.fact = 'claim' and claims.seq <= theirs.as_of_seq
    where theirs.fact = 'order'
    group by theirs.rma
)

select
    request.rma,
    cast(coalesce(counted.same_address, 0) as bigint) as same_address,
    cast(coalesce(counted.same_device, 0) as bigint) as same_device,
    cast(coalesce(counted.same_phone, 0) as bigint) as same_phone,
    cast(coalesce(counted.same_payment, 0) as bigint) as same_payment,
    cast(coalesce(returned.linked_returns, 0) as bigint) as linked_returns,
    cast(coalesce(returned.linked_bad, 0) as bigint) as linked_bad,
    cast(coalesce(complaints.linked_claims, 0) as bigint) as linked_claims
from intermediate.risk_requests as request
left join counted on counted.rma = request.rma
left join returned on returned.rma = request.rma
left join complaints on complaints.rma = request.rma
