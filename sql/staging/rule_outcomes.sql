/*
description: What each rule of the policy said of each application that was judged; a rule that speaks of lines says it once for each.
grain: a word of a rule on an application
owner: data
refresh: view
key: []
columns:
  seq: the event's place in the log
  rma: the return
  rule: the rule
  passed: whether the application passed it
  judged_at: when (UTC)
  policy_version: version of the policy
  verdict: what the event said of the application - authorized, declined, or reviewed by a human
  is_decisive: whether this rule declined it
*/
select
    rules.seq,
    rules.subject as rma,
    rules.rule,
    rules.passed,
    rules.time as judged_at,
    authorized.policy_version,
    'authorized' as verdict,
    false as is_decisive
from lake.return_authorized_rules as rules
inner join lake.return_authorized as authorized on authorized.seq = rules.seq
union all
select
    rules.seq,
    rules.subject as rma,
    rules.rule,
    rules.passed,
    rules.time as judged_at,
    declined.policy_version,
    'declined' as verdict,
    declined.rule = rules.rule and not rules.passed as is_decisive
from lake.return_declined_rules as rules
inner join lake.return_declined as declined on declined.seq = rules.seq
union all
select
    rules.seq,
    rules.subject as rma,
    rules.rule,
    rules.passed,
    rules.time as judged_at,
    opened.policy_version,
    'reviewed' as verdict,
    false as is_decisive
from lake.review_opened_rules as rules
inner join lake.review_opened as opened on opened.seq = rules.seq
