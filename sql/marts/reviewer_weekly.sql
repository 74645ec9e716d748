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
  authorized: returns that may come back (count)
  declined: returns that may not (count)
  late: decided after they were due (count)
  failed_later: of those authorized, some of whose goods were then found failed, short, wrong or missing (count)
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
    count(*) filter (where verdicts.failed_later) as failed_later
from intermediate.verdicts as verdicts
group by verdicts.week_start, coalesce(verdicts.reviewer_key, 'unknown')
