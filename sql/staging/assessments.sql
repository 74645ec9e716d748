/*
description: What policy and risk said of each application that no hard rule declined.
grain: an assessed application
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  assessed_at: when (UTC)
  policy_version: version of the policy that it was judged by
  model_version: version of the risk model; null where rules alone judged
  score: probability that the return is abusive, from 0 to 1; null without a model
  decision: approve, or review
  refund_on: what sets the money off - authorized, first_scan, received or inspected
  inspection: how closely the goods are to be looked at - basic or full
*/
select
    assessed.seq,
    assessed.rma,
    assessed.time as assessed_at,
    assessed.policy_version,
    assessed.model_version,
    assessed.score,
    assessed.decision,
    assessed.refund_on,
    assessed.inspection
from lake.return_assessed as assessed
