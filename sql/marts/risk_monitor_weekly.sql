/*
description: What automation let pass in each week, and how much of it was abusive. By audits alone, each counts for as many approvals as it was improbable for one like it to be inspected in full; the interval is Wilson's (95 %) at the effective number of inspections (Kish - the square of the sum of weights by the sum of their squares). By all inspections, the share that failed of all others is corrected by the audits as far as their number tells (a gamma prior around one of the ratio, worth audits of which four would be expected to fail; interval by Wilson and Hilferty's cube root). What the model doubted and the lot let pass to learn from is counted apart.
grain: a week × a model
owner: operations
refresh: by_day
partition: week_start
key: [week_start, model_version]
columns:
  week_start: Monday of the shop's week in which applications were judged
  model_version: the model whose score decided; rules where none did
  scored: applications judged (count); withdrawals are not
  auto_share: of the applications judged, those approved without a person (0 to 1), drawn doubts left out
  audited: of the approvals, to be inspected in full and inspected by now (count)
  abuse_rate: of the approvals, the abusive ones by audits alone (0 to 1, estimated); null where none was audited
  abuse_low: lower end of its interval; null where none was audited
  abuse_high: upper end of its interval; null where none was audited
  approved: applications approved without a person, drawn doubts left out (count)
  audits_drawn: of those, drawn by lot for a full inspection (count)
  audits_abusive: of the audited, abusive (count)
  audited_effective: inspections of equal weight that would say as much as the audited do
  doubts_drawn: applications that the model doubted and the lot let pass, to be inspected in full (count)
  doubts_inspected: of those, inspected by now (count)
  doubts_abusive: of those, abusive (count)
  looked_at: of the approvals, inspected by now at whatever depth and standing for themselves alone, not drawn for others (count)
  failed: of those, found failed, short, wrong or missing (count)
  estimated_rate: of the approvals, the abusive ones by all inspections (0 to 1, estimated) - what failed, corrected by the audits; null where none was looked at
  estimated_low: lower end of its interval; null where none was looked at
  estimated_high: upper end of its interval; null where none was looked at
*/
with decisions as (
    select
        judged.week_start,
        judged.decided_by,
        judged.decision = 'approve' and not judged.is_drawn_doubt as is_passed,
        judged.is_drawn_doubt,
        judged.is_audit,
        judged.audit_weight,
        judged.label,
        case when coalesce(judged.audit_weight, 0) <= 1000 then judged.finding end as own_finding
    from marts.risk_decisions as judged
),

counted as (
    select
        decisions.week_start,
        decisions.decided_by,
        count(*) as scored,
        count(*) filter (where decisions.is_passed) as approved,
        count(*) filter (where decisions.is_passed and decisions.is_audit) as audits_drawn,
        count(decisions.audit_weight) filter (where decisions.is_passed) as audited,
        count(decisions.audit_weight) filter (where decisions.is_passed and decisions.label = 1) as audits_abusive,
        cast(sum(decisions.audit_weight) filter (where decisions.is_passed) as double) as weight,
        cast(
            sum(decisions.audit_weight * decisions.label) filter (where decisions.is_passed) as double
        ) as weight_abusive,
        cast(
            sum(decisions.audit_weight * decisions.audit_weight) filter (where decisions.is_passed) as double
        ) as weight_squared,
        count(*) filter (where decisions.is_drawn_doubt) as doubts_drawn,
        count(decisions.audit_weight) filter (where decisions.is_drawn_doubt) as doubts_inspected,
        count(decisions.audit_weight) filter (where decisions.is_drawn_doubt and decisions.label = 1)
            as doubts_abusive,
        count(decisions.own_finding) filter (where decisions.is_passed) as looked_at,
        count(*) filter (where decisions.is_passed and decisions.own_finding = 1) as failed
    from decisions
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
        counted.doubts_drawn,
        counted.doubts_inspected,
        counted.doubts_abusive,
        counted.looked_at,
        counted.failed,
        counted.weight_abusive / nullif(counted.weight, 0) as rate,
        counted.weight * counted.weight / nullif(counted.weight_squared, 0) as effective,
        1.959963984540054 * 1.959963984540054 * counted.weight_squared
        / nullif(counted.weight * counted.weight, 0) as z2_by_n
    from counted
),

seen as (
    select
        rates.week_start,
        rates.decided_by,
        rates.failed,
        (rates.failed + 0.5) / nullif(rates.looked_at + 1, 0) as share,
        coalesce(rates.effective, 0) as audits,
        coalesce(rates.effective * rates.rate, 0) as audits_abusive
    from rates
    where rates.looked_at > 0
),

estimated as (
    select
        seen.week_start,
        seen.decided_by,
        seen.share * (4 + seen.audits_abusive) / nullif(4 + seen.audits * seen.share, 0) as rate,
        (1 / nullif(4 + seen.audits_abusive, 0) + 1 / nullif(seen.failed + 0.5, 0)) / 9 as ninth
    from seen
),

told as (
    select
        estimated.week_start,
        estimated.decided_by,
        least(1, estimated.rate) as rate,
        least(
            1,
            estimated.rate * pow(greatest(0, 1 - estimated.ninth - 1.959963984540054 * sqrt(estimated.ninth)), 3)
        ) as low,
        least(
            1,
            estimated.rate * pow(1 - estimated.ninth + 1.959963984540054 * sqrt(estimated.ninth), 3)
        ) as high
    from estimated
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
    rates.effective as audited_effective,
    rates.doubts_drawn,
    rates.doubts_inspected,
    rates.doubts_abusive,
    rates.looked_at,
    rates.failed,
    told.rate as estimated_rate,
    told.low as estimated_low,
    told.high as estimated_high
from rates
left join told
    on rates.week_start = told.week_start and rates.decided_by = told.decided_by
