/*
description: What was known of the customer of an application - how they buy, how they returned, what was found.
grain: an application
owner: data
refresh: view
key: [rma]
columns:
  rma: the return
  orders: orders so far, that of the application included (count)
  orders_quarter: orders in the last 90 days (count)
  tenure_days: since the first order (days); null where none is known
  days_since_order: since the last order (days); null where none is known
  ordered_lines: lines of all orders (count)
  several: lines of more than one unit (count)
  orders_kept: orders that came more than 21 days ago and of which nothing was sent back (count)
  returns: applications and withdrawals before this one (count)
  returns_month: those in the last 30 days (count)
  returns_quarter: those in the last 90 days (count)
  withdrawals: withdrawals before this application (count)
  lines_returned: lines of those returns (count)
  faults_said: lines said to be defective, damaged or other than described (count)
  days_since_return: since the last return (days); null where there is none
  days_to_return: mean days from a parcel to a return (days); null where there is none
  returns_bad: returns that did not pass an inspection (count)
  returns_good: returns that passed one (count)
  returns_good_full: returns that passed a full one (count)
  claims: orders said not to have come (count)
  declines: returns that were declined (count)
  not_sent: returns that were cancelled or never sent (count)
*/
with theirs as (
    select
        request.rma,
        request.at_us,
        request.as_of_seq,
        facts.fact,
        facts.order_id,
        facts.rma as other_rma,
        facts.at_us as happened_us
    from intermediate.risk_requests as request
    inner join intermediate.risk_facts as facts
        on facts.customer_key = request.customer_key
        and facts.fact in ('order', 'return', 'withdrawal')
        and facts.seq <= request.as_of_seq
),

counted as (
    select
        theirs.rma,
        sum(case when theirs.fact = 'order' then 1 else 0 end) as orders,
        sum(case when theirs.fact = 'order' and theirs.at_us - theirs.happened_us < 7776000000000 then 1 else 0 end)
            as orders_quarter,
        max(case when theirs.fact = 'order' then theirs.at_us - theirs.happened_us end) as tenure_us,
        min(case when theirs.fact = 'order' then theirs.at_us - theirs.happened_us end) as since_order_us,
        sum(case when theirs.fact = 'order' then 0 else 1 end) as returns,
        sum(case when theirs.fact <> 'order' and theirs.at_us - theirs.happened_us < 2592000000000 then 1 else 0 end)
            as returns_month,
        sum(case when theirs.fact <> 'order' and theirs.at_us - theirs.happened_us < 7776000000000 then 1 else 0 end)
            as returns_quarter,
        sum(case when theirs.fact = 'withdrawal' then 1 else 0 end) as withdrawals,
        min(case when theirs.fact <> 'order' then theirs.at_us - theirs.happened_us end) as since_return_us
    from theirs
    group by theirs.rma
),

bought as (
    select
        theirs.rma,
        count(*) as ordered_lines,
        sum(case when lines.units > 1 then 1 else 0 end) as several
    from theirs
    inner join intermediate.risk_facts as lines
        on lines.order_id = theirs.order_id and lines.fact = 'order_line' and lines.seq <= theirs.as_of_seq
    where theirs.fact = 'order'
    group by theirs.rma
),

arrived as (
    select
        theirs.rma,
        theirs.order_id,
        max(theirs.at_us) as at_us,
        max(deliveries.at_us) as delivered_us
    from theirs
    inner join intermediate.risk_facts as deliveries
        on deliveries.order_id = theirs.order_id and deliveries.fact = 'delivery' and deliveries.seq <= theirs.as_of_seq
    where theirs.fact = 'order'
    group by theirs.rma, theirs.order_id
),

sent_back as (
    select
        theirs.rma,
        theirs.order_id,
        min(theirs.happened_us) as returned_us
    from theirs
    where theirs.fact in ('return', 'withdrawal')
    group by theirs.rma, theirs.order_id
),

fates as (
    select
        arrived.rma,
        sum(case when sent_back.rma is null and arrived.at_us - arrived.delivered_us > 1814400000000 then 1 else 0 end)
            as orders_kept,
        sum(cast(sent_back.returned_us - arrived.delivered_us as double precision)) as waited_us,
        sum(case when sent_back.rma is null then 0 else 1 end) as orders_returned
    from arrived
    left join sent_back on sent_back.rma = arrived.rma and sent_back.order_id = arrived.order_id
    group by arrived.rma
),

complaints as (
    select
        theirs.rma,
        count(*) as claims
    from theirs
    inner join intermediate.risk_facts as claims
        on claims.order_id = theirs.order_id and claims.fact = 'claim' and claims.seq <= theirs.as_of_seq
    where theirs.fact = 'order'
    group by theirs.rma
),

results as (
    select
        theirs.rma,
        count(distinct case when facts.fact = 'bad' then theirs.other_rma end) as returns_bad,
        count(distinct case when facts.fact = 'good' then theirs.other_rma end) as returns_good,
        count(distinct case when facts.fact = 'good' and facts.word = 'full' then theirs.other_rma end)
            as returns_good_full,
        count(distinct case when facts.fact = 'decline' then theirs.other_rma end) as declines,
        count(distinct case when facts.fact = 'not_sent' then theirs.other_rma end) as not_sent,
        sum(case when facts.fact = 'return_line' then 1 else 0 end) as lines_returned,
        sum(
            case
                when
                    facts.fact = 'return_line'
                    and facts.word in ('defect', 'damaged_in_transit', 'not_as_described')
                    then 1
                else 0
            end
        ) as faults_said
    from theirs
    inner join intermediate.risk_facts as facts
        on facts.rma = theirs.other_rma
        and facts.fact in ('good', 'bad', 'decline', 'not_sent', 'return_line')
        and facts.seq <= theirs.as_of_seq
    group by theirs.rma
)

select
    request.rma,
    cast(coalesce(counted.orders, 0) as bigint) as orders,
    cast(coalesce(counted.orders_quarter, 0) as bigint) as orders_quarter,
    cast(counted.tenure_us as double precision) / 86400000000 as tenure_days,
    cast(counted.since_order_us as double precision) / 86400000000 as days_since_order,
    cast(coalesce(bought.ordered_lines, 0) as bigint) as ordered_lines,
    cast(coalesce(bought.several, 0) as bigint) as several,
    cast(coalesce(fates.orders_kept, 0) as bigint) as orders_kept,
    cast(coalesce(counted.returns, 0) as bigint) as returns,
    cast(coalesce(counted.returns_month, 0) as bigint) as returns_month,
    cast(coalesce(counted.returns_quarter, 0) as bigint) as returns_quarter,
    cast(coalesce(counted.withdrawals, 0) as bigint) as withdrawals,
    cast(coalesce(results.lines_returned, 0) as bigint) as lines_returned,
    cast(coalesce(results.faults_said, 0) as bigint) as faults_said,
    cast(counted.since_return_us as double precision) / 86400000000 as days_since_return,
    fates.waited_us / nullif(fates.orders_returned, 0) / 86400000000 as days_to_return,
    cast(coalesce(results.returns_bad, 0) as bigint) as returns_bad,
    cast(coalesce(results.returns_good, 0) as bigint) as returns_good,
    cast(coalesce(results.returns_good_full, 0) as bigint) as returns_good_full,
    cast(coalesce(complaints.claims, 0) as bigint) as claims,
    cast(coalesce(results.declines, 0) as bigint) as declines,
    cast(coalesce(results.not_sent, 0) as bigint) as not_sent
from intermediate.risk_requests as request
left join counted on counted.rma = request.rma
left join bought on bought.rma = request.rma
left join fates on fates.rma = request.rma
left join complaints on complaints.rma = request.rma
left join results on results.rma = request.rma
