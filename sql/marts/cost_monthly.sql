/*
description: What returns cost, month by month - refunds at face value, the rest by the rates of the cost file (RETOUR_COSTS).
grain: a shop month, kind of cost and currency
owner: finance
refresh: by_day
partition: month
key: [month, kind, currency]
columns:
  month: first day of the shop's month in which the cost arose
  kind: refunds (money that went back, without goodwill), goodwill (gestures that no return line carries), freight (each parcel that a carrier saw or that came, and each sent back to a customer), handling (each inspected unit), write_down (the part of the paid price that is lost, by what became of the goods as last told)
  currency: ISO 4217 code
  amount_minor: the cost (minor units), without what has no rate
  items: payments, parcels, inspected units or lines that it is made of (count)
  unpriced: of the items, those for which the cost file names no rate in this currency (count); their cost is not known
*/
select
    items.month,
    items.kind,
    items.currency,
    cast(coalesce(sum(items.amount_minor), 0) as bigint) as amount_minor,
    cast(sum(items.items) as bigint) as items,
    cast(coalesce(sum(items.items) filter (where items.amount_minor is null), 0) as bigint) as unpriced
from intermediate.cost_items as items
group by items.month, items.kind, items.currency
