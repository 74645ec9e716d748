/*
description: What is known of every product's returns, flagged or not.
grain: a product that was ever sold or returned
owner: merchandising
refresh: full
key: [sku]
columns:
  sku: product
  title: its name in the shop
  category: shelf; null where the shop gives none
  vendor: supplier; null where the shop gives none
  status: flagged, cleared once the evidence behind a flag has gone, or ordinary
  flagged_at: when the flag was raised (UTC); null where none ever was
  since: Monday of the week from which the excess gathers; null where there is none
  lift: how many times as often as expected it comes back, shrunken
  lift_low: lower end of the 90 % interval of the lift
  lift_high: upper end of the 90 % interval of the lift
  probability: that it comes back at least half as often again as expected
  units_sold: units sold in the detector's window
  units_returned: units returned in the window
  units_expected: units to be expected back in the window
  excess_units: of the units returned in the window, those beyond expectation, bulk returns cut back
  likely_cause: the reason most over-represented; null where the shop gives none
  money_at_risk_minor: value of the excess in 30 days (minor units)
  currency: ISO 4217 code
  window_weeks: how many weeks the detector's window has
*/
select
    evidence.sku,
    coalesce(products.title, evidence.sku) as title,
    products.category,
    products.vendor,
    coalesce(flags.status, 'ordinary') as status,
    flags.flagged_at,
    evidence.since,
    evidence.lift,
    evidence.lift_low,
    evidence.lift_high,
    evidence.probability,
    evidence.units_sold,
    evidence.units_returned,
    evidence.units_expected,
    evidence.excess_units,
    evidence.likely_cause,
    evidence.money_at_risk_minor,
    evidence.currency,
    evidence.window_weeks
from intermediate.sku_evidence as evidence
left join intermediate.sku_flags as flags on flags.sku = evidence.sku
left join staging.products as products on products.sku = evidence.sku
