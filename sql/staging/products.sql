/*
description: The newest word on each product.
grain: a product
owner: data
refresh: view
key: [sku]
columns:
  sku: product
  title: its name in the shop
  category: shelf; null where the shop gives none
  vendor: supplier; null where the shop gives none
  parent: what it is a size or a colour of; null where the shop says none
*/
select
    upserts.sku,
    upserts.title,
    upserts.category,
    upserts.vendor,
    upserts.parent
from lake.product_upserted as upserts
qualify row_number() over (partition by upserts.sku order by upserts.seq desc) = 1
