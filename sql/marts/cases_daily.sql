/*
description: The cases that opened, day by day and kind by kind, and how soon they were answered and ended.
grain: a shop day on which cases opened, and a kind of case
owner: operations
refresh: by_day
key: [day, kind]
columns:
  day: the shop's day on which the cases opened
  kind: complaint, suggestion, not_received, safety, low_score, stalled, recovery or unknown_parcel
  opened: cases that opened on the day (count); every one is either closed or still open
  closed: of the cases that opened, those that have ended since (count)
  escalated: of the cases that opened, those whose time ran out at least once, to be closed or to answer the customer (count)
  still_open: of the cases that opened, those that have not ended (count)
  median_hours: from opening to end, of those that ended (real hours, median); null where none did
  p90_hours: the hours within which nine of ten of those that ended did so; null where none did
  first_answer_median_hours: from opening until one of the staff first wrote to the customer, for which the automatic acknowledgement does not count, or it ended (real hours, median); null where neither happened yet
*/
with timed as (
    select
        cases.day,
        cases.kind,
        cases.escalations,
        date_diff('microsecond', cases.opened_at, cases.closed_at) / 3600000000.0 as hours,
        date_diff('microsecond', cases.opened_at, cases.first_answer_at) / 3600000000.0 as first_answer_hours
    from intermediate.case_lives as cases
    where cases.opened_at is not null
)

select
    timed.day,
    timed.kind,
    count(*) as opened,
    count(timed.hours) as closed,
    count(*) filter (where timed.escalations > 0) as escalated,
    count(*) - count(timed.hours) as still_open,
    median(timed.hours) as median_hours,
    percentile_disc(0.9) within group (order by timed.hours) as p90_hours,
    median(timed.first_answer_hours) as first_answer_median_hours
from timed
group by timed.day, timed.kind
