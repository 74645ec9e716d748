/*
description: Every time that units of a product were asked back, each unit sold once, with the weeks of return and sale.
grain: a line of an application or a withdrawal; not of one that was cancelled or never sent, nor of one for units asked back before
owner: data
refresh: full
key: [rma, line_no]
columns:
  rma: the return
  line_no: line of the return
  order_id: the order it was bought with; null where none could be matched
  order_line_no: the line of that order
  sku: product
  week_start: Monday of the week of the return
  sold_week_start: Monday of the week of the sale; null where no order could be matched
  units: units that were neither given up nor asked back before
  reason: the customer's reason; null where none was given
*/
with moves as (
    select
        moves.rma,
        moves.line_no,
        arg_max(moves.permission, moves.seq) as permission
    from staging.line_moves as moves
    where moves.permission in ('cancelled', 'expired', 'under_review', 'authorized')
    group by moves.rma, moves.line_no
),

given_up as (
    select
        lines.rma,
        lines.root_line_no,
        sum(lines.quantity) as units
    from moves
    inner join intermediate.lines_now as lines
        on lines.rma = moves.rma and lines.line_no = moves.line_no
    where moves.permission in ('cancelled', 'expired')
    group by lines.rma, lines.root_line_no
),

asked as (
    select
        days.rma,
        days.line_no,
        days.order_id,
        days.order_line_no,
        days.sku,
        days.day,
        days.sold_day,
        days.quantity - coalesce(given_up.units, 0) as units,
        days.reason
    from intermediate.return_days as days
    left join given_up on given_up.rma = days.rma and given_up.root_line_no = days.line_no
    where days.quantity > coalesce(given_up.units, 0)
),

asked_again as (
    select
        asked.order_id,
        asked.order_line_no
    from asked
    where asked.order_line_no is not null
    group by asked.order_id, asked.order_line_no
    having count(*) > 1
),

in_turn as (
    select
        asked.rma,
        asked.line_no,
        sold.quantity - coalesce(
            sum(asked.units) over (
                partition by asked.order_id, asked.order_line_no
                order by asked.day, asked.rma, asked.line_no
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as units_left
    from asked_again
    inner join asked
        on asked.order_id = asked_again.order_id and asked.order_line_no = asked_again.order_line_no
    inner join staging.order_lines as sold
        on sold.order_id = asked_again.order_id and sold.line_no = asked_again.order_line_no
)

select
    asked.rma,
    asked.line_no,
    asked.order_id,
    asked.order_line_no,
    asked.sku,
    cast(date_trunc('week', asked.day) as date) as week_start,
    cast(date_trunc('week', asked.sold_day) as date) as sold_week_start,
    cast(least(asked.units, coalesce(in_turn.units_left, asked.units)) as bigint) as units,
    asked.reason
from asked
left join in_turn on in_turn.rma = asked.rma and in_turn.line_no = asked.line_no
where coalesce(in_turn.units_left, 1) > 0
