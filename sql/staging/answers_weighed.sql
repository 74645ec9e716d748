/*
description: What runs held against products when they first saw that buyers had dismissed their flags or acted on them.
grain: an answer of a buyer, as a run saw it first
owner: data
refresh: view
key: [seq]
columns:
  seq: the event's place in the log
  answer_id: id of the event that dismissed the flag, or of the action
  sku: product
  since: Monday of the week from which the excess gathers; null where there was no sign of a problem
  lift: how many times as often as expected it came back
  lift_low: lower end of its 90 % interval
  lift_high: upper end of its 90 % interval
  units_expected: units that were to be expected back of the goods sold since then
  excess_units: units that came back beyond expectation
  stream: in which returns the excess shows; null where there was no sign of a problem
  cause: the reason most over-represented; null where none is known
  culprit_dimension: what explains the excess - lot, variant, vendor or region; null where nothing does
  culprit_value: which one
*/
select
    weighed.seq,
    weighed.answer_id,
    weighed.sku,
    cast(weighed.since as date) as since,
    weighed.lift,
    weighed.lift_low,
    weighed.lift_high,
    weighed.units_expected,
    weighed.excess_units,
    weighed.stream,
    weighed.cause,
    weighed.culprit_dimension,
    weighed.culprit_value
from lake.sku_answer_weighed as weighed
