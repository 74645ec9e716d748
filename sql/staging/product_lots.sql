/*
description: The batches of each product, as the shop told them one after the other.
grain: a word on a product
owner: data
refresh: view
key: [sku, from_seq]
columns:
  sku: product
  lot: the batch that was sold from then on; null where the shop told none
  from_seq: place in the log from which on it was sold
  until_seq: place in the log of the next word on the product; null while this is the last
*/
select
    upserts.sku,
    upserts.lot,
    upserts.seq as from_seq,
    lead(upserts.seq) over (partition by upserts.sku order by upserts.seq) as until_seq
from lake.product_upserted as upserts
