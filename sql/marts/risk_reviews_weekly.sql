/*
description: How people decided, in each week, what was sent to them, by what had sent it. Who authorizes what the model doubted overrides it; who never does may only be stamping. Blind cases say nothing of what the model found - those that it would have let pass and those that it doubted, side by side.
grain: a week × what sent applications to a person
owner: operations
refresh: by_day
partition: week_start
key: [week_start, sent_by]
columns:
  week_start: Monday of the shop's week of the decision
  sent_by: model, without_model (none was heard) or rules; blind_passed (the model would have let it pass, the lot sent it to a person) or blind_doubted (the model sent it, without its reasons)
  decided: decisions (count)
  authorized: of the decisions, those that authorized - what sent them to a person was overridden (count)
  failed_later: of those authorized, some of whose goods were then found failed, short, wrong or missing (count)
  median_minutes: from a review's opening to its decision, pauses left out (real minutes, median)
*/
select
    reviews.week_start,
    reviews.sent_by,
    count(*) as decided,
    count(*) filter (where reviews.decision = 'authorize') as authorized,
    count(*) filter (where reviews.failed_later) as failed_later,
    median(reviews.minutes) as median_minutes
from intermediate.risk_reviews as reviews
group by reviews.week_start, reviews.sent_by
