/*
description: Goods that went to their customer again.
grain: a parcel to a customer
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  sent_at: when it left (UTC)
*/
select
    sent.seq,
    sent.rma,
    sent.time as sent_at
from lake.goods_sent_back as sent
