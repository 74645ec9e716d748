/*
description: What was decided on each return, at first and at last.
grain: a return on which anything was decided
owner: data
refresh: fold
key: [rma]
sort_by: first_seq
columns:
  rma: the return
  first_seq: place in the log of the first decision
  decided_at: when the first decision was made (UTC)
  decision: the first decision, authorized or declined
  mode: how it was made - rule, reviewer, or deadline where nobody decided in time
  policy_version: version of the policy that held then
  last_seq: place in the log of the last decision
  last_decision: the last decision, authorized or declined
*/
select
    decisions.rma,
    min(decisions.seq) as first_seq,
    arg_min(decisions.decided_at, decisions.seq) as decided_at,
    arg_min(decisions.decision, decisions.seq) as decision,
    arg_min(decisions.mode, decisions.seq) as mode,
    arg_min(decisions.policy_version, decisions.seq) as policy_version,
    max(decisions.seq) as last_seq,
    arg_max(decisions.decision, decisions.seq) as last_decision
from staging.decisions as decisions
group by decisions.rma
