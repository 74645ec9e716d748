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
  parent: what it is a size or a colour of; null where the shop says none
  status: flagged, cleared once the evidence behind a flag has gone, or ordinary
  flagged_at: when the flag was raised (UTC); null where none ever was
  units_sold: units sold since the problem began; where there is no sign of one, in the detector's window
  units_returned: units of them that came back so far
  units_expected: units that its peers and its own level before led one to expect
  units_of_peers: units that would have come back by now had its peers been sold in its place
  incidents: return lines of them (count)
  incidents_expected: return lines that were to be expected
  lift: how many times as often as expected it comes back, shrunken; of a problem that all variants share, theirs together
  lift_low: lower end of the 90 % interval of the lift
  lift_high: upper end of the 90 % interval of the lift
  probability: the probability that the product comes back more than it should (0 to 1)
  ended: where it does, the probability that this has ended since
  always_high: probability that it has always come back often, as some good products do
  excess_units: of the units returned, those beyond expectation, bulk returns cut back
  since: Monday of the week of sale from which on too much comes back; null where there is no sign of a problem
  has_changed: whether that began after its first sale, rather than always having been so; null where there is no sign of a problem
  of_family: whether it is all variants of its parent that come back
  stream: in which returns it shows - defect, not_as_described, size_fit or all; null where there is no sign of a problem
  likely_cause: the reason in which it shows, else the one most over-represented in its category; null where the shop gives none
  culprit_dimension: what explains it rather than all of its goods alike - lot, region, variant or vendor; null where nothing does
  culprit_value: which one
  suggested_action: what a buyer would do first - fix_listing, size_note, supplier_claim or stop_buying; null where there is no problem, or none of a known cause
  money_at_risk_minor: what the excess of 30 days of sales amounts to once all of it has come back - refunds, freight, handling and write-down (minor units)
  lost_minor: of that, what is lost for good - freight, handling and write-down (minor units)
  currency: ISO 4217 code
  at_stake_units: money_at_risk_minor in units at the mean price paid in its currency, of all products together - amounts of different currencies are ranked by it and never added up (units); null where nothing was sold
  window_weeks: how many weeks the detector's window has
*/
with prices as (
    select
        sales.currency,
        cast(sum(sales.paid_minor) as double) / nullif(sum(sales.units_sold), 0) as a_unit
    from intermediate.sales_weekly as sales
    group by sales.currency
)

select
    evidence.sku,
    coalesce(products.title, evidence.sku) as title,
    products.category,
    products.vendor,
    products.parent,
    coalesce(flags.status, 'ordinary') as status,
    flags.flagged_at,
    evidence.units_sold,
    evidence.units_returned,
    evidence.units_expected,
    evidence.units_of_peers,
    evidence.incidents,
    evidence.incidents_expected,
    evidence.lift,
    evidence.lift_low,
    evidence.lift_high,
    evidence.probability,
    evidence.ended,
    evidence.always_high,
    evidence.excess_units,
    evidence.since,
    evidence.has_changed,
    evidence.of_family,
    evidence.stream,
    evidence.likely_cause,
    evidence.culprit_dimension,
    evidence.culprit_value,
    evidence.suggested_action,
    evidence.money_at_risk_minor,
    evidence.lost_minor,
    evidence.currency,
    evidence.money_at_risk_minor / nullif(prices.a_unit, 0) as at_stake_units,
    evidence.window_weeks
from intermediate.sku_evidence as evidence
left join intermediate.sku_flags as flags on flags.sku = evidence.sku
left join staging.products as products on products.sku = evidence.sku
left join prices on prices.currency = evidence.currency
