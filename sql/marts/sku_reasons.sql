/*
description: Why a product with a sign of a problem comes back, beside why the rest of its category does.
grain: a product with a sign of a problem, and a reason that is given in its category
owner: merchandising
refresh: full
key: [sku, reason]
columns:
  sku: product
  reason: the customer's reason
  incidents: return lines with that reason, of goods sold since the problem began - where no sale is known, asked back since (count)
  incidents_given: return lines of them with any reason (count)
  category_incidents: return lines with that reason of the other products in its category, whenever they were sold (count)
  category_incidents_given: return lines of them with any reason (count)
*/
with evidence as (
    select
        products.sku,
        coalesce(products.category, '') as category,
        products.since
    from marts.sku_evidence as products
),

given as (
    select
        incidents.sku,
        evidence.category,
        incidents.reason,
        count(*) as incidents,
        count(*) filter (
            where coalesce(incidents.sold_week_start, incidents.week_start) >= evidence.since
        ) as incidents_since
    from intermediate.return_incidents as incidents
    inner join evidence on evidence.sku = incidents.sku
    where incidents.reason is not null
    group by incidents.sku, evidence.category, incidents.reason
),

of_category as (
    select
        given.category,
        given.reason,
        sum(given.incidents) as incidents
    from given
    group by given.category, given.reason
),

paired as (
    select
        evidence.sku,
        of_category.reason,
        coalesce(given.incidents_since, 0) as incidents,
        of_category.incidents - coalesce(given.incidents, 0) as category_incidents
    from evidence
    inner join of_category on of_category.category = evidence.category
    left join given on given.sku = evidence.sku and given.reason = of_category.reason
    where evidence.since is not null
)

select
    paired.sku,
    paired.reason,
    cast(paired.incidents as bigint) as incidents,
    cast(sum(paired.incidents) over (partition by paired.sku) as bigint) as incidents_given,
    cast(paired.category_incidents as bigint) as category_incidents,
    cast(sum(paired.category_incidents) over (partition by paired.sku) as bigint) as category_incidents_given
from paired
