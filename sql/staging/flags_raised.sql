/*
description: Every flag on a product as the run that raised it said it.
grain: a flag
owner: data
refresh: view
key: [flag_id]
columns:
  flag_id: id of the flag's event
  seq: its place in the log
  sku: product
  flagged_at: the moment that the run was computed for (UTC)
  since: Monday of the week from which the excess gathers
  lift: how many times as often as expected it came back
  lift_low: lower end of its 90 % interval
  lift_high: upper end of its 90 % interval
  own_level: what the lift is measured against, as a multiple of what its peers lead one to expect; null from earlier detectors
  excess_units: units that came back beyond expectation
  stream: in which returns the excess shows; null from earlier detectors
  probability: that the product has a problem; null from earlier detectors
  cause: the reason most over-represented; null where none is known
  culprit_dimension: what explains the excess - lot, variant, vendor or region; null where nothing does
  culprit_value: which one
  money_at_risk_minor: what the excess costs in 30 days (minor units); null where it is not known
  currency: ISO 4217 code
  suggested_action: what the run suggests to do; null where no cause was known, and from earlier detectors
*/
select
    flagged.id as flag_id,
    flagged.seq,
    flagged.sku,
    flagged.time as flagged_at,
    cast(flagged.since as date) as since,
    flagged.lift,
    flagged.lift_low,
    flagged.lift_high,
    flagged.own_level,
    flagged.excess_units,
    flagged.stream,
    flagged.probability,
    flagged.cause,
    flagged.culprit_dimension,
    flagged.culprit_value,
    flagged.money_at_risk_minor,
    flagged.currency,
    flagged.suggested_action
from lake.sku_flagged as flagged
