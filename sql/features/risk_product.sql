/*
description: What was known of the products of an application, and of those that its customer bought before, by the profiles of their categories that stood then.
grain: an application
owner: data
refresh: view
key: [rma]
columns:
  rma: the return
  category_abuse: part of the inspected returns of a category that were abusive (0 to 1), of what comes back the highest; null without a profile
  category_returns: part of the sold lines of a category that come back (0 to 1), of what comes back the highest; null without a profile
  price_level: list price in mean prices of its category, of what comes back the highest; null without a profile
  bought_lean: how much more often abusers buy of a category than others (logarithm), mean over the customer's ordered lines; null without a profile
  bought_level: list prices of the customer's ordered lines beside the mean prices of their categories (ratio); null without a profile
  returns_expected: lines that were to be expected back of what the customer ordered (count); null without a profile
*/
with bought as (
    select
        request.rma,
        request.as_of_seq,
        lines.sku,
        count(*) as lines
    from intermediate.risk_requests as request
    inner join intermediate.risk_facts as orders
        on orders.customer_key = request.customer_key and orders.fact = 'order' and orders.seq <= request.as_of_seq
    inner join intermediate.risk_facts as lines
        on lines.order_id = orders.order_id and lines.fact = 'order_line' and lines.seq <= request.as_of_seq
    group by request.rma, request.as_of_seq, lines.sku
),

asked as (
    select
        lines.rma,
        request.as_of_seq,
        lines.sku,
        count(*) as lines
    from intermediate.risk_request_lines as lines
    inner join intermediate.risk_requests as request on request.rma = lines.rma
    group by lines.rma, request.as_of_seq, lines.sku
),

things as (
    select bought.rma, bought.as_of_seq, bought.sku from bought
    union
    select asked.rma, asked.as_of_seq, asked.sku from asked
),

products as (
    select
        things.rma,
        things.as_of_seq,
        things.sku,
        facts.word as category,
        facts.amount as price,
        row_number() over (partition by things.rma, things.sku order by facts.seq desc) as place
    from things
    inner join intermediate.risk_facts as facts
        on facts.sku = things.sku and facts.fact = 'product' and facts.seq <= things.as_of_seq
),

profiles as (
    select
        newest.rma,
        newest.category,
        max(case when newest.word = 'abuse_rate' then newest.amount end) as abuse_rate,
        max(case when newest.word = 'return_rate' then newest.amount end) as return_rate,
        max(case when newest.word = 'lean' then newest.amount end) as lean,
        max(case when newest.word = 'price' then newest.amount end) as price
    from (
        select
            categories.rma,
            categories.category,
            facts.word,
            facts.amount,
            row_number() over (
                partition by categories.rma, categories.category, facts.word order by facts.seq desc
            ) as place
        from (
            select distinct products.rma, products.as_of_seq, products.category
            from products
            where products.place = 1
        ) as categories
        inner join intermediate.risk_facts as facts
            on facts.token = categories.category and facts.fact = 'profile' and facts.seq <= categories.as_of_seq
    ) as newest
    where newest.place = 1
    group by newest.rma, newest.category
),

known as (
    select
        products.rma,
        products.sku,
        profiles.abuse_rate,
        profiles.return_rate,
        profiles.lean,
        products.price,
        case when products.price is null then null else profiles.price end as usual_price
    from products
    inner join profiles on profiles.rma = products.rma and profiles.category = products.category
    where products.place = 1
),

of_request as (
    select
        asked.rma,
        max(known.abuse_rate) as abuse_rate,
        max(known.return_rate) as return_rate,
        max(cast(known.price as double precision) / nullif(known.usual_price, 0)) as level
    from asked
    inner join known on known.rma = asked.rma and known.sku = asked.sku
    group by asked.rma
),

of_customer as (
    select
        bought.rma,
        sum(bought.lines) as lines,
        sum(bought.lines * known.lean) as lean,
        sum(bought.lines * known.return_rate) as expected,
        sum(bought.lines * known.price) as price,
        sum(bought.lines * known.usual_price) as usual_price
    from bought
    inner join known on known.rma = bought.rma and known.sku = bought.sku
    group by bought.rma
)

select
    request.rma,
    cast(of_request.abuse_rate as double precision) / 1000000 as category_abuse,
    cast(of_request.return_rate as double precision) / 1000000 as category_returns,
    of_request.level as price_level,
    cast(of_customer.lean as double precision) / nullif(of_customer.lines, 0) / 1000000 as bought_lean,
    cast(of_customer.price as double precision) / nullif(of_customer.usual_price, 0) as bought_level,
    cast(of_customer.expected as double precision) / 1000000 as returns_expected
from intermediate.risk_requests as request
left join of_request on of_request.rma = request.rma
left join of_customer on of_customer.rma = request.rma
