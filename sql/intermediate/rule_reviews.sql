/*
description: Rules that put applications before a human, and what the human said.
grain: a rule and an application that did not pass it and was reviewed
owner: data
refresh: by_key
partition: rma
key: [seq, rule]
columns:
  rma: the return
  seq: place in the log of the review's opening
  rule: the rule
  policy_version: version of the policy
  week_start: Monday of the shop's week in which the application was judged
  was_authorized: whether it was authorized then
*/
with asked as (
    select
        rules.rma,
        rules.seq,
        rules.rule,
        rules.policy_version,
        rules.judged_at
    from staging.rule_outcomes as rules
    where rules.verdict = 'reviewed' and not rules.passed
    group by rules.rma, rules.seq, rules.rule, rules.policy_version, rules.judged_at
),

answers as (
    select
        asked.rma,
        asked.seq,
        asked.rule,
        arg_min(decisions.decision, decisions.seq) as decision
    from asked
    inner join staging.decisions as decisions
        on decisions.rma = asked.rma and decisions.seq > asked.seq
    group by asked.rma, asked.seq, asked.rule
)

select
    asked.rma,
    asked.seq,
    asked.rule,
    asked.policy_version,
    cast(
        date_trunc('week', cast(asked.judged_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    coalesce(answers.decision = 'authorized', false) as was_authorized
from asked
inner join meta.zone_offsets as zone
    on asked.judged_at >= zone.starts_at and asked.judged_at < zone.ends_at
left join answers
    on answers.rma = asked.rma and answers.seq = asked.seq and answers.rule = asked.rule
