/*
description: How often each rule of the policy spoke in each week, what it led to, and how often a human then authorized all the same.
grain: a week, version of the policy and rule
owner: operations
refresh: by_day
partition: week_start
key: [week_start, policy_version, rule]
columns:
  week_start: Monday of the shop's week in which applications were judged
  policy_version: version of the policy
  rule: the rule
  checked: its words on applications (count); a rule that speaks of lines gives one for each
  failed: of the rule's words on applications, those that did not let pass (count)
  declined: of those not passed, declined by the rule itself (count)
  reviewed: of those not passed, put before a human (count)
  authorized_after_review: of those that the rule put before a human, authorized by the decision that followed (count)
*/
with authorized as (
    select
        reviews.week_start,
        reviews.policy_version,
        reviews.rule,
        count(*) as times
    from intermediate.rule_reviews as reviews
    where reviews.was_authorized
    group by reviews.week_start, reviews.policy_version, reviews.rule
)

select
    weeks.week_start,
    weeks.policy_version,
    weeks.rule,
    weeks.checked,
    weeks.failed,
    weeks.declined,
    weeks.reviewed,
    coalesce(authorized.times, 0) as authorized_after_review
from intermediate.rule_weeks as weeks
left join authorized
    on authorized.week_start = weeks.week_start
    and authorized.policy_version = weeks.policy_version
    and authorized.rule = weeks.rule
