/*
description: How long each stage of a return took, by the day on which it ended.
grain: a shop day, a stage and whose work it was
owner: operations
refresh: by_day
key: [day, stage, owner_role]
columns:
  day: the shop's day on which the stage ended
  stage: decide (from the application to the first decision), hand_over (from the permission until a carrier or the dock first had the goods), transit (from a carrier's first scan until they first lay on the dock), inspect (from their arrival until a line was inspected), place (from the last inspection until the last goods were given a place) or refund (from the order to pay until the money went back)
  owner_role: whose work it was - system, reviewer, customer, carrier, inspector or finance
  ended: stages that ended (count); inspect counts lines, refund counts refunds, all others returns
  median_hours: how long the stages that ended took (real hours, pauses included, median)
  p90_hours: within this time nine in ten of the stages were over (real hours, pauses included)
  over_24h: of the stages that ended, those that took longer than 24 hours (count)
*/
select
    stages.day,
    stages.stage,
    stages.owner_role,
    count(*) as ended,
    median(stages.waited_us) / 3600000000.0 as median_hours,
    percentile_disc(0.9) within group (order by stages.waited_us) / 3600000000.0 as p90_hours,
    count(*) filter (where stages.waited_us > 86400000000) as over_24h
from intermediate.stages as stages
group by stages.day, stages.stage, stages.owner_role
