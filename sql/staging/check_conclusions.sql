/*
description: The rules that tables of the warehouse were found to break and to keep again, as the log keeps it.
grain: a conclusion on a rule
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  relation: table
  rule: the rule's name
  is_failing: whether it was broken (else kept again)
  concluded_at: the moment that the run was computed for (UTC)
*/
select
    failed.seq,
    failed.relation,
    failed.rule,
    true as is_failing,
    failed.time as concluded_at
from lake.check_failed as failed
union all
select
    passed.seq,
    passed.relation,
    passed.rule,
    false as is_failing,
    passed.time as concluded_at
from lake.check_passed as passed
