/*
description: Which products customers' comments are about - all those of the return - read for the shelves of products with a problem alone.
grain: a comment and a product of its return
owner: data
refresh: view
key: [seq, sku]
columns:
  seq: place of the comment's event in the log
  sku: product
  rma: the return
  author: the customer's random token; the return where nobody knows the customer
  written_at: when the comment was written (UTC)
  text_ref: where its words are kept in the erasable store
  products: how many products the return has
*/
with returned as (
    select distinct
        lines.rma,
        lines.sku
    from staging.return_lines as lines
),

sizes as (
    select
        returned.rma,
        count(*) as products
    from returned
    group by returned.rma
)

select
    comments.seq,
    returned.sku,
    comments.rma,
    coalesce(applied.customer_key, comments.rma) as author,
    comments.written_at,
    comments.text_ref,
    sizes.products
from staging.comments as comments
inner join returned on returned.rma = comments.rma
inner join sizes on sizes.rma = comments.rma
inner join staging.returns as applied on applied.rma = comments.rma
