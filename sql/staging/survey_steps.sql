/*
description: Surveys - sent, reminded of, answered.
grain: a step of a survey
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  step: sent, reminded or answered
  happened_at: when (UTC)
  csat: how it was, 1 (very bad) to 5 (very good); told by the answer
  text_ref: where the customer's own words are kept in the erasable store; null without any
*/
select
    sent.seq,
    sent.rma,
    'sent' as step,
    sent.time as happened_at,
    cast(null as bigint) as csat,
    cast(null as varchar) as text_ref
from lake.survey_sent as sent
union all
select
    reminded.seq,
    reminded.rma,
    'reminded' as step,
    reminded.time as happened_at,
    cast(null as bigint) as csat,
    cast(null as varchar) as text_ref
from lake.survey_reminded as reminded
union all
select
    answered.seq,
    answered.rma,
    'answered' as step,
    answered.time as happened_at,
    answered.csat,
    answered.text_ref
from lake.survey_answered as answered
