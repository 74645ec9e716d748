/*
description: What the risk model sees of each application, as it was known when it was made; the names and their order are those of models/risk/features.py.
grain: an application
owner: data
refresh: view
key: [rma]
columns:
  rma: the return
  lines: lines that are to come back (count)
  units: units that are to come back (count)
  value: list price of all of them (minor units); null where one of their prices is not known
  dearest: highest list price among them (minor units); null where no price is known
  reasons_defect: lines said to be defective (count)
  reasons_damaged: lines said to be damaged in transit (count)
  reasons_not_as_described: lines said to be other than described (count)
  reasons_size_fit: lines said not to fit (count)
  reasons_wrong_item: lines said to be another thing (count)
  reasons_late: lines said to have come too late (count)
  reasons_changed_mind: lines that are not wanted any more (count)
  days_since_delivery: from the order's last parcel to the application (days); null where no parcel is known
  days_to_deliver: from the order to its last parcel (days); null where no parcel is known
  hour: hour of the shop's day, 0 to 23
  window_days_left: to the end of the first window of its lines to close (days), below 0 where it is over; null where the application did not say
  order_lines: lines of the order (count)
  order_units: units of the order (count)
  order_skus_returned: part of the order's lines that are to come back (0 to 1); null where the order is not known
  units_returned: part of the units of those lines that are to come back (0 to 1); null where the order is not known
  most_units: most units of one thing among those lines; null where the order is not known
  same_category: lines of the order in a category of what comes back (count)
  discounted: lines of the order with a discount of their own (count)
  orders: orders so far, that of the application included (count)
  orders_quarter: orders in the last 90 days (count)
  tenure_days: since the first order (days); null where none is known
  days_since_order: since the last order (days); null where none is known
  ordered_lines: lines of all orders (count)
  several: lines of more than one unit (count)
  orders_kept: orders that came more than 21 days ago and of which nothing was sent back (count)
  returns: applications and withdrawals before this one (count)
  returns_month: those in the last 30 days (count)
  returns_quarter: those in the last 90 days (count)
  withdrawals: withdrawals before this application (count)
  lines_returned: lines of those returns (count)
  faults_said: lines said to be defective, damaged or other than described (count)
  days_since_return: since the last return (days); null where there is none
  days_to_return: mean days from a parcel to a return (days); null where there is none
  returns_bad: returns that did not pass an inspection (count)
  returns_good: returns that passed one (count)
  returns_good_full: returns that passed a full one (count)
  claims: orders said not to have come (count)
  declines: returns that were declined (count)
  not_sent: returns that were cancelled or never sent (count)
  same_address: other customers at an address of theirs (count)
  same_device: other customers with a device of theirs (count)
  same_phone: other customers with a phone of theirs (count)
  same_payment: other customers with a payment means of theirs (count)
  linked_returns: returns of all these (count)
  linked_bad: those of them that did not pass an inspection (count)
  linked_claims: orders of theirs that were said not to have come (count)
  category_abuse: part of the inspected returns of a category that were abusive (0 to 1), of what comes back the highest; null without a profile
  category_returns: part of the sold lines of a category that come back (0 to 1), of what comes back the highest; null without a profile
  price_level: list price in mean prices of its category, of what comes back the highest; null without a profile
  bought_lean: how much more often abusers buy of a category than others (logarithm), mean over the customer's ordered lines; null without a profile
  bought_level: list prices of the customer's ordered lines beside the mean prices of their categories (ratio); null without a profile
  returns_expected: lines that were to be expected back of what the customer ordered (count); null without a profile
  returns_excess: lines that came back or are to, beyond those (count); null without a profile
*/
select
    request.rma,
    cast(request.lines as double precision) as lines,
    cast(request.units as double precision) as units,
    cast(request.value as double precision) as value,
    cast(request.dearest as double precision) as dearest,
    cast(request.reasons_defect as double precision) as reasons_defect,
    cast(request.reasons_damaged as double precision) as reasons_damaged,
    cast(request.reasons_not_as_described as double precision) as reasons_not_as_described,
    cast(request.reasons_size_fit as double precision) as reasons_size_fit,
    cast(request.reasons_wrong_item as double precision) as reasons_wrong_item,
    cast(request.reasons_late as double precision) as reasons_late,
    cast(request.reasons_changed_mind as double precision) as reasons_changed_mind,
    cast(request.days_since_delivery as double precision) as days_since_delivery,
    cast(request.days_to_deliver as double precision) as days_to_deliver,
    cast(request.hour as double precision) as hour,
    cast(request.window_days_left as double precision) as window_days_left,
    cast(request.order_lines as double precision) as order_lines,
    cast(request.order_units as double precision) as order_units,
    cast(request.order_skus_returned as double precision) as order_skus_returned,
    cast(request.units_returned as double precision) as units_returned,
    cast(request.most_units as double precision) as most_units,
    cast(request.same_category as double precision) as same_category,
    cast(request.discounted as double precision) as discounted,
    cast(customer.orders as double precision) as orders,
    cast(customer.orders_quarter as double precision) as orders_quarter,
    cast(customer.tenure_days as double precision) as tenure_days,
    cast(customer.days_since_order as double precision) as days_since_order,
    cast(customer.ordered_lines as double precision) as ordered_lines,
    cast(customer.several as double precision) as several,
    cast(customer.orders_kept as double precision) as orders_kept,
    cast(customer.returns as double precision) as returns,
    cast(customer.returns_month as double precision) as returns_month,
    cast(customer.returns_quarter as double precision) as returns_quarter,
    cast(customer.withdrawals as double precision) as withdrawals,
    cast(customer.lines_returned as double precision) as lines_returned,
    cast(customer.faults_said as double precision) as faults_said,
    cast(customer.days_since_return as double precision) as days_since_return,
    cast(customer.days_to_return as double precision) as days_to_return,
    cast(customer.returns_bad as double precision) as returns_bad,
    cast(customer.returns_good as double precision) as returns_good,
    cast(customer.returns_good_full as double precision) as returns_good_full,
    cast(customer.claims as double precision) as claims,
    cast(customer.declines as double precision) as declines,
    cast(customer.not_sent as double precision) as not_sent,
    cast(links.same_address as double precision) as same_address,
    cast(links.same_device as double precision) as same_device,
    cast(links.same_phone as double precision) as same_phone,
    cast(links.same_payment as double precision) as same_payment,
    cast(links.linked_returns as double precision) as linked_returns,
    cast(links.linked_bad as double precision) as linked_bad,
    cast(links.linked_claims as double precision) as linked_claims,
    cast(product.category_abuse as double precision) as category_abuse,
    cast(product.category_returns as double precision) as category_returns,
    cast(product.price_level as double precision) as price_level,
    cast(product.bought_lean as double precision) as bought_lean,
    cast(product.bought_level as double precision) as bought_level,
    cast(product.returns_expected as double precision) as returns_expected,
    cast(customer.lines_returned + request.lines as double precision) - product.returns_expected as returns_excess
from features.risk_request as request
inner join features.risk_customer as customer on customer.rma = request.rma
inner join features.risk_links as links on links.rma = request.rma
inner join features.risk_product as product on product.rma = request.rma
