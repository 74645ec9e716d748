/*
description: What customers wrote about what they returned - the comments in surveys, complaints, and dangers that they told of. The words themselves stay in the service's erasable store.
grain: a text that a customer wrote about a return
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  rma: the return
  kind: comment (in a survey), complaint or safety
  written_at: when (UTC)
  text_ref: where the words are kept in the erasable store
*/
select
    answers.seq,
    answers.rma,
    'comment' as kind,
    answers.time as written_at,
    answers.text_ref
from lake.survey_answered as answers
where answers.text_ref is not null
union all
select
    cases.seq,
    cases.rma,
    cases.kind,
    cases.time as written_at,
    cases.text_ref
from lake.case_opened as cases
where cases.kind in ('complaint', 'safety') and cases.rma is not null and cases.text_ref is not null
