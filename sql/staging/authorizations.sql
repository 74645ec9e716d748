/*
description: The returns that were authorized, and how.
grain: an authorization
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  mode: rule or reviewer
  authorized_at: when (UTC)
*/
select
    authorized.seq,
    authorized.rma,
    authorized.mode,
    authorized.time as authorized_at
from lake.return_authorized as authorized
