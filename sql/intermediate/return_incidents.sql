/*
description: Every time that units of a product were asked back, with the weeks of return and sale.
grain: a line of an application or a withdrawal
owner: data
refresh: view
key: [rma, line_no]
columns:
  rma: the return
  line_no: line of the return
  sku: product
  week_start: Monday of the week of the return
  sold_week_start: Monday of the week of the sale; null where no order could be matched
  units: units
  reason: the customer's reason; null where none was given
*/
select
    days.rma,
    days.line_no,
    days.sku,
    cast(date_trunc('week', days.day) as date) as week_start,
    cast(date_trunc('week', days.sold_day) as date) as sold_week_start,
    days.quantity as units,
    days.reason
from intermediate.return_days as days
