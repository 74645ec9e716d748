/*
description: What automation let pass in each week, and how much of it was abusive, as full inspections say. Each inspected approval counts for as many approvals as it was improbable for one like it to be inspected; the interval is Wilson's (95 %) at the effective number of inspections (Kish - the square of the sum of weights by the sum of their squares).
grain: a week × a model
owner: operations
refresh: by_day
partition: week_start
key: [week_start, model_version]
columns:
  week_start: Monday of the shop's week in which applications were judged
  model_version: the model whose score decided; rules where none did
  scored: applications judged (count); withdrawals are not
  auto_share: of those, approved without a person (0 to 1)
  audited: of the approvals, to be inspected in full and inspected by now (count)
  abuse_rate: of the approvals, the abusive ones (0 to 1, estimated); null where none was audited
  abuse_low: lower end of its interval; null where none was audited
  abuse_high: upper end of its interval; null where none was audited
  approved: applications approved without a person (count)
  audits_drawn: of those, drawn by lot for a full inspection (count)
  audits_abusive: of the audited, abusive (count)
  audited_effective: inspections of equal weight that would say as much as the audited do
*/
with counted as (
    select
        decisions.week_start,
        decisions.decided_by,
        count(*) as scored,
        count(*) filter (where decisions.decision = 'approve') as approved,
        count(*) filter (where decisions.decision = 'approve' and decisions.is_audit) as audits_drawn,
        count(decisions.audit_weight) filter (where decisions.decision = 'approve') as audited,
        count(decisions.audit_weight) filter (
            where decisions.decision = 'approve' and decisions.label = 1
        ) as audits_abusive,
        cast(sum(decisions.audit_weight) filter (where decisions.decision = 'approve') as double) as weight,
        cast(
            sum(decisions.audit_weight * decisions.label) filter (where decisions.decision = 'approve') as double
        ) as weight_abusive,
        cast(
            sum(decisions.audit_weight * decisions.audit_weight) filter (where decisions.decision = 'approve')
            as double
        ) as weight_squared
    from marts.risk_decisions as decisions
    group by decisions.week_start, decisions.decided_by
),

rates as (
    select
        counted.week_start,
        counted.decided_by,
        counted.scored,
        counted.approved,
        counted.audits_drawn,
        counted.audited,
        counted.audits_abusive,
        counted.weight_abusive / nullif(counted.weight, 0) as rate,
        counted.weight * counted.weight / nullif(counted.weight_squared, 0) as effective,
        1.959963984540054 * 1.959963984540054 * counted.weight_squared
        / nullif(counted.weight * counted.weight, 0) as z2_by_n
    from counted
)

select
    rates.week_start,
    rates.decided_by as model_version,
    rates.scored,
    cast(rates.approved as double) / nullif(rates.scored, 0) as auto_share,
    rates.audited,
    rates.rate as abuse_rate,
    case
        when rates.rate is not null then
            greatest(
                0,
                (rates.rate + rates.z2_by_n / 2
                - sqrt(rates.z2_by_n * (rates.rate * (1 - rates.rate) + rates.z2_by_n / 4)))
                / nullif(1 + rates.z2_by_n, 0)
            )
    end as abuse_low,
    case
        when rates.rate is not null then
            least(
                1,
                (rates.rate + rates.z2_by_n / 2
                + sqrt(rates.z2_by_n * (rates.rate * (1 - rates.rate) + rates.z2_by_n / 4)))
                / nullif(1 + rates.z2_by_n, 0)
            )
    end as abuse_high,
    rates.approved,
    rates.audits_drawn,
    rates.audits_abusive,
    rates.effective as audited_effective
from rates
