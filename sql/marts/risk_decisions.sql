/*
description: Every application that was judged for risk - what was decided on what basis, and what became known of it since. Withdrawals are never judged.
grain: a judged application
owner: data
refresh: by_key
publish_by: scored_at
key: [rma]
sort_by: scored_at
columns:
  rma: the return
  scored_at: when it was judged (UTC)
  policy_version: version of the policy
  model_version: the champion that scored it, whether or not it decided; null where none did
  score: probability that it is abusive, as the champion said (0 to 1); null without one
  decision: approve, or review by a person; no score declines
  refund_on: what sets the money off - authorized, first_scan, received or inspected
  inspection: how closely the goods are to be looked at - basic or full
  propensity: how probable this action was, given what was seen (0 to 1); below 1 where the lot decides
  label: 1 where some part was found failed, short, wrong or missing, 0 where every unit was inspected in full and passed; null while, or where, neither is known
  label_source: audit, full_inspection or basic_inspection; null without a label
  labelled_at: when the label was known (UTC); null without one
  week_start: Monday of the shop's week in which it was judged
  basis: what the decision rests on - rules (one was broken), model, no_model, uncertified, suspended, unavailable, failed or late; null before there were models
  decided_by: the model whose score decided; rules where none did
  is_eligible: whether it passed every rule, so that a model's score may decide
  is_audit: whether the lot drew it for a full inspection
  audit_weight: for how many decisions like it its label counts (thousandths, at most a million decisions), approvals among approvals; null where it was not to be inspected in full, or is not known yet
  challenger_version: the model that scored it in the shadow; null without one
  challenger_score: what that one said (0 to 1); null without one
  hidden_decision: of a blind case, what the model would have decided (approve or review) without the person knowing; null of all others
  as_of_seq: events of the log up to here were known
  approve_propensity: how probable an approval was, given what was seen (0 to 1); null before there were lots for it
  is_drawn_doubt: whether the model would have sent it to a person, and the lot let it pass to learn from
  finding: 1 where some part was found failed, short, wrong or missing, 0 where every unit was inspected, at whatever depth, and passed; null while, or where, neither is known
*/
select
    assessed.rma,
    assessed.time as scored_at,
    assessed.policy_version,
    assessed.model_version,
    assessed.score,
    assessed.decision,
    assessed.refund_on,
    assessed.inspection,
    assessed.propensity,
    labels.label,
    labels.label_source,
    labels.labelled_at,
    cast(
        date_trunc('week', cast(assessed.time + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    assessed.basis,
    case when assessed.basis = 'model' then assessed.model_version else 'rules' end as decided_by,
    labels.is_eligible,
    assessed.is_audit,
    case
        when labels.is_full_by_decision and labels.label is not null
            then cast(
                least(
                    round(
                        1000
                        * case when assessed.decision = 'approve' then coalesce(assessed.approve_propensity, 1) else 1 end
                        / nullif(labels.full_propensity, 0)
                    ),
                    1000000000
                ) as bigint
            )
    end as audit_weight,
    assessed.challenger_version,
    assessed.challenger_score,
    assessed.hidden_decision,
    assessed.as_of_seq,
    assessed.approve_propensity,
    assessed.is_drawn_doubt,
    labels.finding
from lake.return_assessed as assessed
inner join meta.zone_offsets as zone
    on assessed.time >= zone.starts_at and assessed.time < zone.ends_at
inner join intermediate.risk_labels as labels on labels.rma = assessed.rma
