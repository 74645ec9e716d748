/*
description: What people decided on applications that were sent to them, with what had sent them there.
grain: a reviewer's decision on a judged application
owner: data
refresh: by_key
partition: rma
key: [seq]
columns:
  rma: the return
  seq: the event's place in the log
  week_start: Monday of the shop's week of the decision
  sent_by: model where its score sent the application to a person, without_model where none was heard, else rules; of blind cases blind_passed where the model would have let it pass, blind_doubted where not
  model_version: the champion that scored it; null without one
  decision: authorize or decline
  minutes: from the review's opening, pauses left out
  failed_later: whether goods that were authorized were then found failed, short, wrong or missing
*/
select
    verdicts.rma,
    verdicts.seq,
    verdicts.week_start,
    case
        when assessed.hidden_decision = 'approve' then 'blind_passed'
        when assessed.hidden_decision = 'review' then 'blind_doubted'
        when assessed.basis = 'model' then 'model'
        when assessed.basis in ('no_model', 'uncertified', 'suspended', 'unavailable', 'failed', 'late')
            then 'without_model'
        else 'rules'
    end as sent_by,
    assessed.model_version,
    verdicts.decision,
    verdicts.minutes,
    verdicts.failed_later
from intermediate.verdicts as verdicts
inner join lake.return_assessed as assessed on assessed.rma = verdicts.rma
