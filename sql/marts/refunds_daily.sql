/*
description: The money that went back, day by day, and the payments that were refused.
grain: a shop day, means and currency
owner: finance
refresh: by_day
key: [day, means, currency]
columns:
  day: the shop's day on which the money went back, or a payment was refused
  means: the means that it went back by, or that were tried; none where there was nothing to pay, unknown where not told
  currency: ISO 4217 code; XXX where not told
  refunds: settled refunds (count)
  refund_minor: what the settled refunds paid (minor units), gestures of goodwill included
  failed: payments that were refused (count); the refund is tried again by other means
  goodwill_minor: of what was paid, the gestures of goodwill (minor units); no return line carries them
  reconciled: of the settled refunds, those that came out by asking the provider after a silence (count)
  median_hours: from the refund's order to its settlement (real hours, median); null where no settled refund's order is known
*/
select
    results.day,
    results.means,
    results.currency,
    count(*) filter (where results.result = 'settled') as refunds,
    cast(coalesce(sum(results.amount_minor) filter (where results.result = 'settled'), 0) as bigint) as refund_minor,
    count(*) filter (where results.result = 'failed') as failed,
    cast(
        coalesce(sum(results.amount_minor) filter (where results.result = 'settled' and results.is_goodwill), 0) as bigint
    ) as goodwill_minor,
    count(*) filter (where results.result = 'settled' and results.is_reconciled) as reconciled,
    median(results.hours) as median_hours
from intermediate.refund_results as results
group by results.day, results.means, results.currency
