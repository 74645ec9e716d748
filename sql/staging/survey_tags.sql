/*
description: The words that customers' answers carry.
grain: a word of an answer
owner: data
refresh: view
key: [seq, tag]
columns:
  seq: the event's place in the log
  rma: the return
  tag: such as easy or slow, a word of the service's list
*/
select
    tags.seq,
    tags.subject as rma,
    tags.tag
from lake.survey_answered_tags as tags
