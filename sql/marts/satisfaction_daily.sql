/*
description: What customers said of their returns, by the day on which they were asked.
grain: a shop day on which surveys were sent
owner: operations
refresh: by_day
key: [day]
columns:
  day: the shop's day on which the surveys were sent
  sent: surveys sent on the day, one a return of which goods or money moved (count)
  answered: of the surveys sent, those answered since (count)
  csat_mean: mean of the answers, 1 (very bad) to 5 (very good); null without an answer
  csat_low: lower end of the mean's 95 % interval - Wilson's, with the mean rescaled to 0..1, which is never too narrow for answers on a scale
  csat_high: upper end of the mean's 95 % interval
  satisfied: answers of 4 or 5 (count)
  satisfied_low: lower end of the 95 % interval (Wilson's) of the share of answers that are 4 or 5, 0..1
  satisfied_high: upper end of that interval
*/
with counted as (
    select
        surveys.day,
        count(*) as sent,
        count(surveys.csat) as answered,
        sum(surveys.csat) as csat_sum,
        count(*) filter (where surveys.csat >= 4) as satisfied
    from intermediate.surveys as surveys
    where surveys.day is not null
    group by surveys.day
),

shares as (
    select
        counted.day,
        counted.sent,
        counted.answered,
        counted.satisfied,
        cast(counted.csat_sum as double) / nullif(counted.answered, 0) as csat_mean,
        (cast(counted.csat_sum as double) / nullif(counted.answered, 0) - 1) / 4 as mean_share,
        cast(counted.satisfied as double) / nullif(counted.answered, 0) as satisfied_share,
        1.959963984540054 * 1.959963984540054 / nullif(counted.answered, 0) as z2_by_n
    from counted
),

reaches as (
    select
        shares.day,
        shares.sent,
        shares.answered,
        shares.csat_mean,
        shares.satisfied,
        shares.mean_share,
        shares.satisfied_share,
        shares.z2_by_n,
        sqrt(
            shares.z2_by_n * (shares.mean_share * (1 - shares.mean_share) + shares.z2_by_n / 4)
        ) as mean_reach,
        sqrt(
            shares.z2_by_n * (shares.satisfied_share * (1 - shares.satisfied_share) + shares.z2_by_n / 4)
        ) as satisfied_reach
    from shares
)

select
    reaches.day,
    reaches.sent,
    reaches.answered,
    reaches.csat_mean,
    1 + 4 * (reaches.mean_share + reaches.z2_by_n / 2 - reaches.mean_reach)
    / nullif(1 + reaches.z2_by_n, 0) as csat_low,
    5 - 4 * (1 - reaches.mean_share + reaches.z2_by_n / 2 - reaches.mean_reach)
    / nullif(1 + reaches.z2_by_n, 0) as csat_high,
    reaches.satisfied,
    (reaches.satisfied_share + reaches.z2_by_n / 2 - reaches.satisfied_reach)
    / nullif(1 + reaches.z2_by_n, 0) as satisfied_low,
    1 - (1 - reaches.satisfied_share + reaches.z2_by_n / 2 - reaches.satisfied_reach)
    / nullif(1 + reaches.z2_by_n, 0) as satisfied_high
from reaches
