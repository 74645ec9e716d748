/*
description: Every return from its application to its end, as far as it has come.
grain: a return
owner: operations
refresh: by_key
publish_by: requested_at
key: [rma]
sort_by: requested_at
columns:
  rma: the return
  order_id: the order; null where none could be matched, and where its lines are of several
  customer_key: random token of the customer; null where the shop does not know one
  requested_at: when it was applied for, or the withdrawal declared (UTC)
  decided_at: when it was first decided on (UTC); null before, and for a withdrawal that needed no decision
  decision_mode: how that was done - rule, reviewer, deadline where nobody decided in time, or law for a withdrawal that needed no decision; null before
  received_at: when the first of its goods reached the dock (UTC); null before
  inspected_at: when the last of its goods so far was inspected, or accepted without (UTC); null before
  settled_at: when money for its lines last went back (UTC); gestures of goodwill aside; null before
  closed_at: when nothing more was to be done (UTC) - its own closing, or that of the last case which was opened after it; null while it or such a case is open
  status: how far it is - that of its line which is least far, in the service's own words; closed, or reopened while a case is open that was opened after its closing
  value_minor: what was paid for the units applied for (minor units)
  currency: ISO 4217 code
  csat: the customer's answer, from 1 (very bad) to 5 (very good); null without one
  kind: return, or withdrawal as the law grants it
  decision: the first decision - authorized or declined; null before, and for a withdrawal that needed none
  first_scan_at: when a carrier first had any of it in hand (UTC); null before
  review_opened_at: when a human was first to decide (UTC); null where none was
  refund_minor: what went back for its lines so far (minor units); gestures of goodwill aside
  lines: lines applied for (count)
  units: units applied for
  survey_sent_at: when the customer was asked how it was (UTC); null where they were not
  answered_at: when they answered (UTC); null without an answer
  reopened_at: when a case was first opened after its closing (UTC); null where none was
  outcome: open until its own closing; then refunded (at least what was paid for all units), partly_refunded (less), kept (refunded, and the goods never came, as agreed), declined, expired (never sent), cancelled, or not_refunded
  waited_hours: from the application until money for its lines last went back or it closed, whichever came first (real hours, pauses included); null before
  longest_pause_hours: the longest time between two events on it (real hours)
  refund_on: what sets the money off - authorized, first_scan, received or inspected; null where a rule declined it, and for imported history
  inspection_depth: how closely its goods were looked at - full if any was, else basic; null before, and where not told
  score: probability that it is abusive, as the risk model said when it was applied for; null without a model
  policy_version: version of the policy that it was applied for under; null for imported history
  is_imported: whether a file of the shop's past told of it; such a return ran no clocks
  day: the shop's day of the application
  last_decision: the decision that holds - authorized or declined; null before, and for a withdrawal that needed none
  last_event_at: when anything last happened on it (UTC)
*/
with waits as (
    select
        moves.rma,
        max(moves.waited_us) as longest_us,
        max(moves.moved_at) as last_event_at
    from intermediate.return_moves as moves
    group by moves.rma
),

unfinished as (
    select
        states.rma,
        arg_min(states.status, states.place) as status
    from intermediate.line_states as states
    where not states.is_over
    group by states.rma
),

settled as (
    select
        lines.rma,
        cast(sum(lines.amount_minor) as bigint) as refund_minor,
        max(lines.settled_at) as settled_at
    from staging.refund_lines as lines
    group by lines.rma
),

reopened as (
    select
        opened.rma,
        min(opened.time) as reopened_at,
        max(cases.closed_at) as case_closed_at,
        bool_or(cases.closed_at is null) as has_open_case
    from lake.case_opened as opened
    inner join intermediate.return_ends as ends on ends.rma = opened.rma
    inner join intermediate.case_lives as cases
        on cases.rma = opened.rma and cases.case_id = opened.case_id
    where opened.seq > ends.closed_seq
    group by opened.rma
),

told as (
    select
        returns.rma,
        returns.order_id,
        returns.customer_key,
        returns.requested_at,
        returns.kind,
        returns.currency,
        returns.is_imported,
        decisions.decided_at,
        decisions.decision,
        decisions.last_decision,
        case
            when returns.kind = 'withdrawal' and decisions.mode is null then 'law'
            else decisions.mode
        end as decision_mode,
        goods.first_scan_at,
        goods.received_at,
        goods.inspected_at,
        goods.was_inspected_fully,
        settled.settled_at,
        coalesce(settled.refund_minor, 0) as refund_minor,
        case when ends.closed_seq is not null and unfinished.status is null then ends.closed_at end as ended_at,
        ends.cancelled_at,
        ends.expired_at,
        ends.kept_at,
        coalesce(unfinished.status, 'closed') as status,
        coalesce(assessments.refund_on, returns.refund_on) as refund_on,
        assessments.score,
        coalesce(assessments.policy_version, decisions.policy_version, returns.policy_version) as policy_version
    from staging.returns as returns
    left join unfinished on unfinished.rma = returns.rma
    left join intermediate.return_decisions as decisions on decisions.rma = returns.rma
    left join intermediate.return_goods as goods on goods.rma = returns.rma
    left join intermediate.return_ends as ends on ends.rma = returns.rma
    left join settled on settled.rma = returns.rma
    left join staging.assessments as assessments on assessments.rma = returns.rma
),

reviews as (
    select
        steps.rma,
        min(steps.happened_at) as opened_at
    from staging.review_steps as steps
    where steps.step = 'opened'
    group by steps.rma
)

select
    told.rma,
    told.order_id,
    told.customer_key,
    told.requested_at,
    told.decided_at,
    told.decision_mode,
    told.received_at,
    told.inspected_at,
    told.settled_at,
    case
        when reopened.has_open_case then null
        when reopened.case_closed_at > told.ended_at then reopened.case_closed_at
        else told.ended_at
    end as closed_at,
    case when told.status = 'closed' and reopened.has_open_case then 'reopened' else told.status end as status,
    units.value_minor,
    told.currency,
    surveys.csat,
    told.kind,
    told.decision,
    told.first_scan_at,
    reviews.opened_at as review_opened_at,
    told.refund_minor,
    units.lines,
    units.units,
    surveys.sent_at as survey_sent_at,
    surveys.answered_at,
    reopened.reopened_at,
    case
        when told.ended_at is null then 'open'
        when told.settled_at is not null and told.kept_at is not null and told.received_at is null
            then 'kept'
        when told.settled_at is not null and told.refund_minor >= units.value_minor then 'refunded'
        when told.settled_at is not null then 'partly_refunded'
        when told.last_decision = 'declined' then 'declined'
        when told.expired_at is not null then 'expired'
        when told.cancelled_at is not null then 'cancelled'
        else 'not_refunded'
    end as outcome,
    date_diff('microsecond', told.requested_at, least(told.settled_at, told.ended_at))
    / 3600000000.0 as waited_hours,
    waits.longest_us / 3600000000.0 as longest_pause_hours,
    told.refund_on,
    case told.was_inspected_fully when true then 'full' when false then 'basic' end as inspection_depth,
    told.score,
    told.policy_version,
    told.is_imported,
    cast(told.requested_at + zone.offset_seconds * interval '1' second as date) as day,
    told.last_decision,
    waits.last_event_at
from told
inner join intermediate.return_units as units on units.rma = told.rma
inner join meta.zone_offsets as zone
    on told.requested_at >= zone.starts_at and told.requested_at < zone.ends_at
left join waits on waits.rma = told.rma
left join reopened on reopened.rma = told.rma
left join reviews on reviews.rma = told.rma
left join intermediate.surveys as surveys on surveys.rma = told.rma
