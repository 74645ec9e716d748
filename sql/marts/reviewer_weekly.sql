/*
description: What each reviewer decided in each week, and what came of it.
grain: a reviewer and week
owner: operations
refresh: by_day
partition: week_start
key: [week_start, reviewer_key]
columns:
  week_start: Monday of the shop's week of the decision
  reviewer_key: random token of the member of staff; unknown where nobody is named
  decided: reviews decided (count)
  median_minutes: from a review's opening to its decision, pauses left out (real minutes, median)
  overturned: of those declined, authorized later (count)
  authorized: reviewed returns that may come back (count)
  declined: reviewed returns that may not come back (count)
  late: decided after they were due (count)
  failed_later: of those authorized, some of whose goods were then found failed, short, wrong or missing (count)
  blind: of those decided, blind cases - they were told nothing of what the risk model found (count)
  blind_agreed: of the blind cases, those decided as the model would have - authorized where it would have let pass, declined where it doubted (count)
  blind_median_minutes: the same minutes of blind cases (real minutes, median); null without any
*/
select
    verdicts.week_start,
    coalesce(verdicts.reviewer_key, 'unknown') as reviewer_key,
    count(*) as decided,
    median(verdicts.minutes) as median_minutes,
    count(*) filter (where verdicts.is_overturned) as overturned,
    count(*) filter (where verdicts.decision = 'authorize') as authorized,
    count(*) filter (where verdicts.decision = 'decline') as declined,
    count(*) filter (where verdicts.is_late) as late,
    count(*) filter (where verdicts.failed_later) as failed_later,
    count(blind.seq) as blind,
    count(blind.seq) filter (where (blind.sent_by = 'blind_passed') = (verdicts.decision = 'authorize')) as blind_agreed,
    median(case when blind.seq is not null then verdicts.minutes end) as blind_median_minutes
from intermediate.verdicts as verdicts
left join intermediate.risk_reviews as blind
    on blind.seq = verdicts.seq
    and blind.week_start = verdicts.week_start
    and blind.sent_by in ('blind_passed', 'blind_doubted')
group by verdicts.week_start, coalesce(verdicts.reviewer_key, 'unknown')
