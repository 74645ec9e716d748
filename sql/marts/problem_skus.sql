/*
description: Products that come back more often than shop and product lead one to expect, with the evidence.
grain: a product that was ever flagged
owner: merchandising
refresh: full
key: [sku]
columns:
  sku: product
  title: its name in the shop
  category: shelf; null where the shop gives none
  vendor: supplier; null where the shop gives none
  flagged_at: when the flag was raised (UTC)
  since: Monday of the week from which the excess gathers
  lift: how many times as often as expected it comes back, shrunken
  lift_low: lower end of the 90 % interval of the lift
  lift_high: upper end of the 90 % interval of the lift
  excess_units: of the units returned in the window, those beyond expectation, bulk returns cut back
  likely_cause: the reason most over-represented; null where the shop gives none
  money_at_risk_minor: value of the excess in 30 days (minor units)
  currency: ISO 4217 code
  status: flagged, or cleared once the evidence has gone
  units_sold: units sold in the window
  units_returned: units returned in the window
  units_expected: units to be expected back in the window
  window_weeks: how many weeks the detector's window has
  probability: that it comes back at least half as often again as expected
*/
select
    evidence.sku,
    evidence.title,
    evidence.category,
    evidence.vendor,
    evidence.flagged_at,
    evidence.since,
    evidence.lift,
    evidence.lift_low,
    evidence.lift_high,
    evidence.excess_units,
    evidence.likely_cause,
    evidence.money_at_risk_minor,
    evidence.currency,
    evidence.status,
    evidence.units_sold,
    evidence.units_returned,
    evidence.units_expected,
    evidence.window_weeks,
    evidence.probability
from marts.sku_evidence as evidence
where evidence.status <> 'ordinary'
