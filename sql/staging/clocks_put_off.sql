/*
description: Choices and appeals whose time ends later than it did, for an objection of the customer is open or was just answered.
grain: an event that puts off what a return's lines wait for
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  clock: choice or appeal, of all lines of the return that wait for it
  due_at: by when it is due now (UTC)
*/
select
    told.seq,
    told.rma,
    told.clock,
    make_timestamp(told.due_at_us) as due_at
from lake.clock_put_off as told
