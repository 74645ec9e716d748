/*
description: Every answer to a survey, with what its return was like. The customers' own words stay in the service's erasable store.
grain: a return whose customer answered
owner: operations
refresh: by_key
publish_by: answered_at
key: [rma]
sort_by: answered_at
columns:
  rma: the return
  answered_at: when they answered (UTC)
  day: the shop's day of that
  csat: how it was, 1 (very bad) to 5 (very good)
  tags: the words that the answer carries, comma-separated, always in the same order; empty without any
  has_comment: whether they wrote anything besides
  text_ref: where their words are kept in the erasable store; null without any
  outcome: how the return ended, a word of marts.return_lifecycle
  waited_hours: the customer's elapsed time until the money went back or the return closed, whichever was first (real hours); null where it is not over
*/
with tagged as (
    select
        tags.rma,
        concat_ws(
            ',',
            case when bool_or(tags.tag = 'easy') then 'easy' end,
            case when bool_or(tags.tag = 'fast') then 'fast' end,
            case when bool_or(tags.tag = 'clear') then 'clear' end,
            case when bool_or(tags.tag = 'friendly') then 'friendly' end,
            case when bool_or(tags.tag = 'laborious') then 'laborious' end,
            case when bool_or(tags.tag = 'slow') then 'slow' end,
            case when bool_or(tags.tag = 'unclear') then 'unclear' end,
            case when bool_or(tags.tag = 'unfair') then 'unfair' end,
            case when bool_or(tags.tag = 'refund_too_low') then 'refund_too_low' end,
            case when bool_or(tags.tag = 'other') then 'other' end
        ) as tags
    from staging.survey_tags as tags
    group by tags.rma
)

select
    surveys.rma,
    surveys.answered_at,
    cast(surveys.answered_at + zone.offset_seconds * interval '1' second as date) as day,
    surveys.csat,
    coalesce(tagged.tags, '') as tags,
    surveys.text_ref is not null as has_comment,
    surveys.text_ref,
    coalesce(lives.outcome, 'open') as outcome,
    lives.waited_hours
from intermediate.surveys as surveys
inner join meta.zone_offsets as zone
    on surveys.answered_at >= zone.starts_at and surveys.answered_at < zone.ends_at
left join tagged on tagged.rma = surveys.rma
left join marts.return_lifecycle as lives on lives.rma = surveys.rma
