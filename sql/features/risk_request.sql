/*
description: What an application says by itself - how much comes back of which order, why, and when.
grain: an application
owner: data
refresh: view
key: [rma]
columns:
  rma: the return
  lines: lines that are to come back (count)
  units: units that are to come back (count)
  value: list price of all of them (minor units); null where one of their prices is not known
  dearest: highest list price among them (minor units); null where no price is known
  reasons_defect: lines said to be defective (count)
  reasons_damaged: lines said to be damaged in transit (count)
  reasons_not_as_described: lines said to be other than described (count)
  reasons_size_fit: lines said not to fit (count)
  reasons_wrong_item: lines said to be another thing (count)
  reasons_late: lines said to have come too late (count)
  reasons_changed_mind: lines that are not wanted any more (count)
  days_since_delivery: from the order's last parcel to the application (days); null where no parcel is known
  days_to_deliver: from the order to its last parcel (days); null where no parcel is known
  hour: hour of the shop's day, 0 to 23
  window_days_left: to the end of the first window of its lines to close (days), below 0 where it is over; null where the application did not say
  order_lines: lines of the order (count)
  order_units: units of the order (count)
  order_skus_returned: part of the order's lines that are to come back (0 to 1); null where the order is not known
  units_returned: part of the units of those lines that are to come back (0 to 1); null where the order is not known
  most_units: most units of one thing among those lines; null where the order is not known
  same_category: lines of the order in a category of what comes back (count)
  discounted: lines of the order with a discount of their own (count)
*/
with things as (
    select
        lines.rma,
        lines.sku,
        request.as_of_seq
    from intermediate.risk_request_lines as lines
    inner join intermediate.risk_requests as request on request.rma = lines.rma
    union
    select
        request.rma,
        bought.sku,
        request.as_of_seq
    from intermediate.risk_requests as request
    inner join intermediate.risk_facts as bought
        on bought.order_id = request.order_id and bought.fact = 'order_line' and bought.seq <= request.as_of_seq
),

products as (
    select
        things.rma,
        things.sku,
        facts.word as category,
        facts.amount as price,
        row_number() over (partition by things.rma, things.sku order by facts.seq desc) as place
    from things
    inner join intermediate.risk_facts as facts
        on facts.sku = things.sku and facts.fact = 'product' and facts.seq <= things.as_of_seq
),

asked as (
    select
        lines.rma,
        count(*) as lines,
        sum(lines.units) as units,
        case when count(*) = count(products.price) then sum(cast(lines.units as double precision) * products.price) end as value,
        max(products.price) as dearest,
        sum(case when lines.reason = 'defect' then 1 else 0 end) as reasons_defect,
        sum(case when lines.reason = 'damaged_in_transit' then 1 else 0 end) as reasons_damaged,
        sum(case when lines.reason = 'not_as_described' then 1 else 0 end) as reasons_not_as_described,
        sum(case when lines.reason = 'size_fit' then 1 else 0 end) as reasons_size_fit,
        sum(case when lines.reason = 'wrong_item' then 1 else 0 end) as reasons_wrong_item,
        sum(case when lines.reason = 'arrived_late' then 1 else 0 end) as reasons_late,
        sum(case when lines.reason = 'changed_mind' then 1 else 0 end) as reasons_changed_mind
    from intermediate.risk_request_lines as lines
    left join products on products.rma = lines.rma and products.sku = lines.sku and products.place = 1
    group by lines.rma
),

bought as (
    select
        request.rma,
        lines.sku,
        sum(lines.units) as units,
        count(*) as lines,
        sum(lines.amount) as discounted
    from intermediate.risk_requests as request
    inner join intermediate.risk_facts as lines
        on lines.order_id = request.order_id and lines.fact = 'order_line' and lines.seq <= request.as_of_seq
    group by request.rma, lines.sku
),

wanted as (
    select
        lines.rma,
        lines.sku,
        sum(lines.units) as units
    from intermediate.risk_request_lines as lines
    group by lines.rma, lines.sku
),

ordered as (
    select
        bought.rma,
        sum(bought.lines) as order_lines,
        sum(bought.units) as order_units,
        sum(case when wanted.sku is not null then bought.lines else 0 end) as lines_asked,
        sum(case when wanted.sku is not null then bought.units else 0 end) as units_asked,
        sum(wanted.units) as units_wanted,
        max(case when wanted.sku is not null then bought.units end) as most_units,
        sum(bought.discounted) as discounted
    from bought
    left join wanted on wanted.rma = bought.rma and wanted.sku = bought.sku
    group by bought.rma
),

categories as (
    select distinct
        wanted.rma,
        products.category
    from wanted
    inner join products on products.rma = wanted.rma and products.sku = wanted.sku and products.place = 1
),

alike as (
    select
        bought.rma,
        sum(bought.lines) as lines
    from bought
    inner join products on products.rma = bought.rma and products.sku = bought.sku and products.place = 1
    inner join categories on categories.rma = bought.rma and categories.category = products.category
    group by bought.rma
),

moments as (
    select
        request.rma,
        max(case when facts.fact = 'order' then facts.at_us end) as ordered_us,
        max(case when facts.fact = 'delivery' then facts.at_us end) as delivered_us
    from intermediate.risk_requests as request
    inner join intermediate.risk_facts as facts
        on facts.order_id = request.order_id and facts.fact in ('order', 'delivery') and facts.seq <= request.as_of_seq
    group by request.rma
)

select
    request.rma,
    cast(asked.lines as bigint) as lines,
    cast(asked.units as bigint) as units,
    asked.value,
    cast(asked.dearest as bigint) as dearest,
    cast(asked.reasons_defect as bigint) as reasons_defect,
    cast(asked.reasons_damaged as bigint) as reasons_damaged,
    cast(asked.reasons_not_as_described as bigint) as reasons_not_as_described,
    cast(asked.reasons_size_fit as bigint) as reasons_size_fit,
    cast(asked.reasons_wrong_item as bigint) as reasons_wrong_item,
    cast(asked.reasons_late as bigint) as reasons_late,
    cast(asked.reasons_changed_mind as bigint) as reasons_changed_mind,
    cast(request.at_us - moments.delivered_us as double precision) / 86400000000 as days_since_delivery,
    cast(moments.delivered_us - moments.ordered_us as double precision) / 86400000000 as days_to_deliver,
    request.hour,
    cast(request.returnable_until_us - request.at_us as double precision) / 86400000000 as window_days_left,
    cast(ordered.order_lines as bigint) as order_lines,
    cast(ordered.order_units as bigint) as order_units,
    cast(ordered.lines_asked as double precision) / nullif(ordered.order_lines, 0) as order_skus_returned,
    cast(ordered.units_wanted as double precision) / nullif(ordered.units_asked, 0) as units_returned,
    cast(ordered.most_units as bigint) as most_units,
    cast(alike.lines as bigint) as same_category,
    cast(ordered.discounted as bigint) as discounted
from intermediate.risk_requests as request
inner join asked on asked.rma = request.rma
left join ordered on ordered.rma = request.rma
left join alike on alike.rma = request.rma
left join moments on moments.rma = request.rma

