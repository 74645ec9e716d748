/*
description: What each survey's return was like, as satisfaction is compared by.
grain: a return whose customer was asked
owner: data
refresh: by_key
key: [rma]
sort_by: rma
columns:
  rma: the return
  week_start: Monday of the shop's week in which the survey was sent
  csat: how it was, 1 (very bad) to 5 (very good); null until answered
  outcome: how the return ended, a word of marts.return_lifecycle
  waiting: class of the customer's elapsed time until the money went back or the return closed - '<2d', '2-5d', '5-10d', '10-20d' or '>20d', a bound belongs to the class above; open where it is not over
  decision: how the return was let through - rule, reviewer, deadline or law; declined where it was not; none where nothing was decided
  reason: the customer's reason for the first of its lines that has one; none where none was given
  regime: the law by which the customer withdrew; voluntary for a return on the shop's own terms
*/
with reasons as (
    select
        lines.rma,
        arg_min(lines.reason, lines.line_no) as reason
    from staging.return_lines as lines
    where lines.reason is not null
    group by lines.rma
)

select
    surveys.rma,
    surveys.week_start,
    surveys.csat,
    coalesce(lives.outcome, 'open') as outcome,
    case
        when lives.waited_hours is null then 'open'
        when lives.waited_hours < 48 then '<2d'
        when lives.waited_hours < 120 then '2-5d'
        when lives.waited_hours < 240 then '5-10d'
        when lives.waited_hours < 480 then '10-20d'
        else '>20d'
    end as waiting,
    case
        when lives.decision = 'declined' then 'declined'
        else coalesce(lives.decision_mode, 'none')
    end as decision,
    coalesce(reasons.reason, 'none') as reason,
    coalesce(withdrawals.regime, 'voluntary') as regime
from intermediate.surveys as surveys
left join marts.return_lifecycle as lives on lives.rma = surveys.rma
left join reasons on reasons.rma = surveys.rma
left join lake.return_withdrawn as withdrawals on withdrawals.rma = surveys.rma
where surveys.week_start is not null
