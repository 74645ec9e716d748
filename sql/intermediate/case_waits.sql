/*
description: How long each case took until its first answer and until its end, with the week in which that came.
grain: a case and what was waited for, once it came
owner: data
refresh: view
key: [case_id, until]
columns:
  case_id: the case
  until: answer (one of the staff first wrote to its customer, for which the automatic acknowledgement does not count, or it ended) or end
  kind: such as complaint or stalled
  is_from_customer: whether a customer brought it up
  week_start: Monday of the shop's week in which it came
  hours: from the opening until then (real hours)
*/
select
    cases.case_id,
    'answer' as until,
    cases.kind,
    cases.is_from_customer,
    cast(
        date_trunc('week', cast(cases.first_answer_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    date_diff('microsecond', cases.opened_at, cases.first_answer_at) / 3600000000.0 as hours
from intermediate.case_lives as cases
inner join meta.zone_offsets as zone
    on cases.first_answer_at >= zone.starts_at and cases.first_answer_at < zone.ends_at
where cases.opened_at is not null
union all
select
    cases.case_id,
    'end' as until,
    cases.kind,
    cases.is_from_customer,
    cast(
        date_trunc('week', cast(cases.closed_at + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    date_diff('microsecond', cases.opened_at, cases.closed_at) / 3600000000.0 as hours
from intermediate.case_lives as cases
inner join meta.zone_offsets as zone
    on cases.closed_at >= zone.starts_at and cases.closed_at < zone.ends_at
where cases.opened_at is not null
