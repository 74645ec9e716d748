/*
description: How often each rule of the policy spoke in each week, and how.
grain: a week, version of the policy and rule
owner: data
refresh: fold
key: [week_start, policy_version, rule]
columns:
  week_start: Monday of the shop's week in which applications were judged
  policy_version: version of the policy
  rule: the rule
  checked: its words on applications (count); a rule that speaks of lines gives one for each
  failed: of those, not passed (count)
  declined: of those, declined by it (count)
  reviewed: of those not passed, put before a human (count)
*/
select
    cast(
        date_trunc('week', cast(rules.judged_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    rules.policy_version,
    rules.rule,
    count(*) as checked,
    count(*) filter (where not rules.passed) as failed,
    count(*) filter (where rules.is_decisive) as declined,
    count(*) filter (where not rules.passed and rules.verdict = 'reviewed') as reviewed
from staging.rule_outcomes as rules
inner join meta.zone_offsets as zone
    on rules.judged_at >= zone.starts_at and rules.judged_at < zone.ends_at
group by
    cast(
        date_trunc('week', cast(rules.judged_at + zone.offset_seconds * interval '1' second as date)) as date
    ),
    rules.policy_version,
    rules.rule
