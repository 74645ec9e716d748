/*
description: What customers said of their returns, week by week, compared by what the returns were like. Sums only, so that weeks can be added up.
grain: a week in which surveys were sent, a dimension and a value of it
owner: operations
refresh: by_day
partition: week_start
key: [week_start, dimension, value]
columns:
  week_start: Monday of the shop's week in which the surveys were sent
  dimension: outcome (how the return ended), waiting (the customer's elapsed time), decision (how it was let through), reason (the customer's own) or regime (on whose terms); each survey is counted once in every dimension
  value: a word of the dimension - of waiting '<2d', '2-5d', '5-10d', '10-20d' or '>20d' from the application until the money went back or the return closed, or open where it is not over
  sent: surveys sent (count)
  answered: of the surveys sent, those answered since (count)
  csat_sum: sum of the answers, each 1 (very bad) to 5 (very good); the mean is csat_sum / answered
  satisfied: answers of 4 or 5 (count)
*/
with counted as (
    select
        facts.week_start,
        facts.outcome,
        facts.waiting,
        facts.decision,
        facts.reason,
        facts.regime,
        count(*) as sent,
        count(facts.csat) as answered,
        coalesce(sum(facts.csat), 0) as csat_sum,
        count(*) filter (where facts.csat >= 4) as satisfied
    from intermediate.survey_facts as facts
    group by facts.week_start, facts.outcome, facts.waiting, facts.decision, facts.reason, facts.regime
),

by_dimension as (
    select
        counted.week_start,
        'outcome' as dimension,
        counted.outcome as value,
        counted.sent,
        counted.answered,
        counted.csat_sum,
        counted.satisfied
    from counted
    union all
    select
        counted.week_start,
        'waiting' as dimension,
        counted.waiting as value,
        counted.sent,
        counted.answered,
        counted.csat_sum,
        counted.satisfied
    from counted
    union all
    select
        counted.week_start,
        'decision' as dimension,
        counted.decision as value,
        counted.sent,
        counted.answered,
        counted.csat_sum,
        counted.satisfied
    from counted
    union all
    select
        counted.week_start,
        'reason' as dimension,
        counted.reason as value,
        counted.sent,
        counted.answered,
        counted.csat_sum,
        counted.satisfied
    from counted
    union all
    select
        counted.week_start,
        'regime' as dimension,
        counted.regime as value,
        counted.sent,
        counted.answered,
        counted.csat_sum,
        counted.satisfied
    from counted
)

select
    split.week_start,
    split.dimension,
    split.value,
    cast(sum(split.sent) as bigint) as sent,
    cast(sum(split.answered) as bigint) as answered,
    cast(sum(split.csat_sum) as bigint) as csat_sum,
    cast(sum(split.satisfied) as bigint) as satisfied
from by_dimension as split
group by split.week_start, split.dimension, split.value
