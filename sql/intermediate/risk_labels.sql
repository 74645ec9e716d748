/*
description: What became known of each assessed application - whether its goods were found as they must be - and how probable it was that one would look closely. An approval that nobody inspected in full is not known, which is not the same as good.
grain: an assessed application
owner: data
refresh: by_key
key: [rma]
sort_by: assessed_at
columns:
  rma: the return
  assessed_at: when it was assessed (UTC)
  label: 1 where some part was found failed, short, wrong or missing, 0 where every unit was inspected in full and passed; null while, or where, neither is known
  label_source: audit (drawn by lot), full_inspection (inspected in full for another reason) or basic_inspection (found although nobody looked closely); null without a label
  finding: 1 where some part was found failed, short, wrong or missing, 0 where every unit was inspected, at whatever depth, and passed; null while, or where, neither is known
  found_at: when that was known (UTC) - at the first bad finding, or the last good one; null without
  labelled_at: when it was known (UTC) - at the first bad finding, or the last good one; null without a label
  depth: how closely its goods were looked at - full if any was, else basic; null before
  full_propensity: how probable it was, given what was seen, that the decision would ask for a full inspection that counts as this one does (0 to 1)
  is_full_by_decision: whether the decision asked for a full inspection; only then does a label count, for bad findings of basic inspections have no good ones beside them. What the lot left to a person for want of a model does not count - what it drew stands for that too, and of what a person let pass the worst is missing. Blind cases that would have passed stand apart - they say of reviewers what approvals in their stead say of the model
  is_audit: whether the lot decided on that
  is_eligible: whether it passed every rule of the policy, so that a model's score may decide
  is_drawn_doubt: whether the model would have sent it to a person, and the lot let it pass to learn from
  is_beside_drawn: whether it was sent to a person for its score where the lot drew others of its like. Its label, known only if the person let it come, stands for the same applications as theirs
*/
with asked as (
    select
        lines.rma,
        sum(lines.units) as units
    from intermediate.risk_request_lines as lines
    group by lines.rma
),

found as (
    select
        inspected.rma,
        min(
            case when inspected.outcome in ('failed', 'short', 'wrong_item', 'empty') then inspected.time end
        ) as bad_at,
        max(case when inspected.outcome = 'passed' then inspected.time end) as good_at,
        sum(
            case
                when inspected.outcome = 'passed' and inspected.inspection_depth = 'full' then inspected.quantity
                else 0
            end
        ) as units_good,
        sum(case when inspected.outcome = 'passed' then inspected.quantity else 0 end) as units_passed,
        max(case when inspected.inspection_depth = 'full' then 1 else 0 end) as was_full
    from lake.line_inspected as inspected
    group by inspected.rma
),

assessed as (
    select
        told.rma,
        told.time as assessed_at,
        told.propensity,
        told.is_audit,
        told.is_drawn_doubt,
        told.decision = 'review' and told.basis = 'model' and told.hidden_decision is distinct from 'approve'
        and told.approve_propensity > 0 as is_beside_drawn,
        told.inspection = 'full' and not (
            told.decision = 'review' and coalesce(told.basis, 'rules') in ('no_model', 'uncertified', 'suspended')
        ) and told.hidden_decision is distinct from 'approve' as is_full_by_decision,
        coalesce(told.basis, case when told.decision = 'approve' then 'no_model' else 'rules' end) <> 'rules'
            as is_eligible
    from lake.return_assessed as told
),

judged as (
    select
        assessed.rma,
        assessed.assessed_at,
        case
            when found.bad_at is not null then 1
            when found.units_good >= asked.units then 0
        end as label,
        case
            when found.bad_at is not null then 1
            when found.units_passed >= asked.units then 0
        end as finding,
        coalesce(found.bad_at, found.good_at) as found_at,
        case found.was_full when 1 then 'full' when 0 then 'basic' end as depth,
        case when assessed.is_full_by_decision then assessed.propensity else 1 - assessed.propensity end
            as full_propensity,
        assessed.is_full_by_decision,
        assessed.is_audit,
        assessed.is_eligible,
        assessed.is_drawn_doubt,
        coalesce(assessed.is_beside_drawn, false) as is_beside_drawn
    from assessed
    left join asked on asked.rma = assessed.rma
    left join found on found.rma = assessed.rma
)

select
    judged.rma,
    judged.assessed_at,
    cast(judged.label as integer) as label,
    case
        when judged.label is null then null
        when judged.is_audit then 'audit'
        when judged.depth = 'full' then 'full_inspection'
        else 'basic_inspection'
    end as label_source,
    cast(judged.finding as integer) as finding,
    case when judged.finding is not null then judged.found_at end as found_at,
    case when judged.label is not null then judged.found_at end as labelled_at,
    judged.depth,
    judged.full_propensity,
    judged.is_full_by_decision,
    judged.is_audit,
    judged.is_eligible,
    judged.is_drawn_doubt,
    judged.is_beside_drawn
from judged
