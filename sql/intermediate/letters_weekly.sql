/*
description: How soon customers were written to, week by week.
grain: a week in which letters went out
owner: data
refresh: by_day
partition: week_start
key: [week_start]
columns:
  week_start: Monday of the shop's week in which the letters went out
  letters: letters (count)
  median_minutes: from what they tell of until they went out
*/
select
    letters.week_start,
    count(*) as letters,
    median(letters.minutes) as median_minutes
from staging.letters as letters
group by letters.week_start
