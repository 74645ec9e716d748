/*
description: Every case that ended, with how long its customer waited for a first answer and for the end.
grain: a case that ended
owner: operations
refresh: by_key
publish_by: ended_at
key: [case_id]
sort_by: ended_at
columns:
  case_id: the case
  kind: complaint, suggestion, not_received, safety, low_score, stalled, recovery or unknown_parcel
  ended_at: when (UTC)
  day: the shop's day of that
  hours: from its opening to its end (real hours)
  first_answer_hours: from its opening until one of the staff first wrote to the customer, for which the automatic acknowledgement does not count, or it ended (real hours)
*/
select
    cases.case_id,
    cases.kind,
    cases.closed_at as ended_at,
    cast(cases.closed_at + zone.offset_seconds * interval '1' second as date) as day,
    date_diff('microsecond', cases.opened_at, cases.closed_at) / 3600000000.0 as hours,
    date_diff('microsecond', cases.opened_at, cases.first_answer_at) / 3600000000.0 as first_answer_hours
from intermediate.case_lives as cases
inner join meta.zone_offsets as zone
    on cases.closed_at >= zone.starts_at and cases.closed_at < zone.ends_at
where cases.opened_at is not null
