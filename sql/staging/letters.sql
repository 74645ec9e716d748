/*
description: The letters that went out to customers.
grain: a letter
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  message_id: the letter
  subject: the return or the case that it is about
  letter: which letter, such as approved or refunded
  language: en or zh
  sent_at: when it went out (UTC)
  week_start: Monday of the shop's week in which it went out
  minutes: from what it tells of until it went out; 0 where a wrong clock says that it went out before
*/
select
    letters.seq,
    letters.message_id,
    letters.subject,
    letters.letter,
    letters.language,
    letters.time as sent_at,
    cast(
        date_trunc('week', cast(letters.time + zone.offset_seconds * interval '1' second as date)) as date
    ) as week_start,
    greatest(date_diff('microsecond', make_timestamp(letters.about_us), letters.time), 0) / 60000000.0 as minutes
from lake.message_sent as letters
inner join meta.zone_offsets as zone
    on letters.time >= zone.starts_at and letters.time < zone.ends_at
