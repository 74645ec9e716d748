/*
description: What became of each return's survey.
grain: a return whose customer was asked, or answered
owner: data
refresh: fold
key: [rma]
sort_by: sent_at
columns:
  rma: the return
  sent_at: when its customer was asked (UTC)
  day: the shop's day of that
  week_start: Monday of that day's week
  reminded_at: when they were reminded (UTC); null where they were not
  answered_at: when they answered first (UTC); null until then
  answered_seq: place of that answer in the log
  csat: how it was, 1 (very bad) to 5 (very good); null until answered
  text_ref: where their own words are kept in the erasable store; null without any
*/
select
    steps.rma,
    min(steps.happened_at) filter (where steps.step = 'sent') as sent_at,
    min(cast(steps.happened_at + zone.offset_seconds * interval '1' second as date)) filter (
        where steps.step = 'sent'
    ) as day,
    min(
        cast(
            date_trunc('week', cast(steps.happened_at + zone.offset_seconds * interval '1' second as date)) as date
        )
    ) filter (where steps.step = 'sent') as week_start,
    min(steps.happened_at) filter (where steps.step = 'reminded') as reminded_at,
    min(steps.happened_at) filter (where steps.step = 'answered') as answered_at,
    min(steps.seq) filter (where steps.step = 'answered') as answered_seq,
    arg_min(steps.csat, steps.seq) filter (where steps.step = 'answered') as csat,
    min(steps.text_ref) as text_ref
from staging.survey_steps as steps
inner join meta.zone_offsets as zone
    on steps.happened_at >= zone.starts_at and steps.happened_at < zone.ends_at
group by steps.rma
