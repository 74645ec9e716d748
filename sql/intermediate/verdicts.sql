/*
description: What reviewers decided, how long that took them, and what came of it.
grain: a reviewer's decision
owner: data
refresh: by_key
partition: rma
key: [seq]
columns:
  rma: the return
  seq: the event's place in the log
  reviewer_key: random token of the member of staff; null where nobody is named
  decided_at: when (UTC)
  week_start: Monday of the shop's week of that
  decision: authorize or decline
  minutes: from the review's opening, pauses left out
  is_late: whether the review was due before
  is_overturned: whether a decline was followed by an authorization
  failed_later: whether goods that were authorized were then found failed, short, wrong or missing
*/
with overturned as (
    select
        verdicts.rma,
        verdicts.seq,
        count(*) as times
    from lake.review_decided as verdicts
    inner join staging.decisions as decisions
        on decisions.rma = verdicts.rma and decisions.seq > verdicts.seq
    where verdicts.decision = 'decline' and decisions.decision = 'authorized'
    group by verdicts.rma, verdicts.seq
),

spoiled as (
    select
        verdicts.rma,
        verdicts.seq,
        count(*) as times
    from lake.review_decided as verdicts
    inner join staging.line_moves as moves
        on moves.rma = verdicts.rma and moves.seq > verdicts.seq
    where
        verdicts.decision = 'authorize'
        and moves.reception in ('failed', 'short', 'wrong_item', 'empty')
    group by verdicts.rma, verdicts.seq
),

due as (
    select
        verdicts.rma,
        verdicts.seq,
        max(clocks.due_at) as due_at
    from lake.review_decided as verdicts
    inner join intermediate.return_clocks as clocks
        on clocks.rma = verdicts.rma
        and clocks.clock = 'review'
        and clocks.opened_at = make_timestamp(verdicts.opened_at_us)
    group by verdicts.rma, verdicts.seq
)

select
    verdicts.rma,
    verdicts.seq,
    verdicts.reviewer_key,
    verdicts.time as decided_at,
    cast(
        date_trunc('week', cast(verdicts.time + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    verdicts.decision,
    (date_diff('microsecond', make_timestamp(verdicts.opened_at_us), verdicts.time) - verdicts.paused_us)
    / 60000000.0 as minutes,
    coalesce(verdicts.time > due.due_at, false) as is_late,
    overturned.times is not null as is_overturned,
    spoiled.times is not null as failed_later
from lake.review_decided as verdicts
inner join meta.zone_offsets as zone
    on verdicts.time >= zone.starts_at and verdicts.time < zone.ends_at
left join overturned on overturned.rma = verdicts.rma and overturned.seq = verdicts.seq
left join spoiled on spoiled.rma = verdicts.rma and spoiled.seq = verdicts.seq
left join due on due.rma = verdicts.rma and due.seq = verdicts.seq
