"""The rules of conservation: nothing is lost on the way from the log to a mart, nothing counted twice, money in is money out."""

from pipelines.quality.rules import adds_up, never

_APPLIED = "(select rma from lake.return_requested union select rma from lake.return_withdrawn)"

CONSERVATION = (
    adds_up(
        "marts.return_lifecycle",
        "every_return_is_counted_once",
        "every return of the log must be there once, and no other",
        f"""select coalesce(applied.rma, told.rma) as rma, applied.rma is not null as is_in_the_log,
                   told.rma is not null as is_in_the_mart
            from {_APPLIED} as applied
            full join marts.return_lifecycle as told on told.rma = applied.rma
            where applied.rma is null or told.rma is null""",
    ),
    adds_up(
        "marts.return_lines",
        "units_of_a_return_stay",
        "the units of a return's lines must sum to the units applied for",
        """select lifecycle.rma, lifecycle.units, lines.units as units_of_lines
           from marts.return_lifecycle as lifecycle
           left join (
               select rma, sum(quantity) as units from marts.return_lines where is_declared group by rma
           ) as lines on lines.rma = lifecycle.rma
           where lines.units is distinct from lifecycle.units""",
    ),
    adds_up(
        "marts.return_lines",
        "refunds_reach_their_lines",
        "what the lines were refunded must be what the log paid on lines that are known",
        """select paid.rma, paid.line_no, paid.minor as paid_minor, told.refund_minor
           from (
               select subject as rma, line_no, sum(amount_minor) as minor
               from lake.refund_settled_lines group by subject, line_no
           ) as paid
           inner join marts.return_lines as told on told.rma = paid.rma and told.line_no = paid.line_no
           where told.refund_minor is distinct from paid.minor""",
    ),
    adds_up(
        "marts.return_lines",
        "no_refund_is_without_its_line",
        "the log must have paid on no line that is not known",
        """select distinct paid.subject as rma, paid.line_no
           from lake.refund_settled_lines as paid
           where not exists (
               select 1 from marts.return_lines as told
               where told.rma = paid.subject and told.line_no = paid.line_no
           )""",
        "warning",
    ),
    adds_up(
        "marts.volume_daily",
        "days_sum_to_all_orders",
        "orders and units of all days must be those of the log",
        """select daily.orders, logged.orders as orders_in_the_log, daily.units_sold, sold.units as units_in_the_log
           from (
               select coalesce(sum(orders), 0) as orders, coalesce(sum(units_sold), 0) as units_sold
               from marts.volume_daily
           ) as daily
           cross join (select count(*) as orders from staging.orders) as logged
           cross join (select coalesce(sum(quantity), 0) as units from staging.order_lines) as sold
           where daily.orders <> logged.orders or daily.units_sold <> sold.units""",
    ),
    adds_up(
        "marts.volume_daily",
        "days_sum_to_all_returns",
        "returns of all days must be those of return_lifecycle, and so must their units",
        """select daily.returns, told.returns as returns_told, daily.units, told.units as units_told
           from (
               select coalesce(sum(returns_requested), 0) as returns, coalesce(sum(units_returned), 0) as units
               from marts.volume_daily
           ) as daily
           cross join (
               select count(*) as returns, coalesce(sum(units), 0) as units from marts.return_lifecycle
           ) as told
           where daily.returns <> told.returns or daily.units <> told.units""",
    ),
    adds_up(
        "marts.sku_weekly",
        "weeks_sum_to_all_units",
        "units of all weeks must be those sold and those asked back",
        """select weekly.sold, sales.units as units_sold, weekly.returned, back.units as units_returned
           from (
               select coalesce(sum(units_sold), 0) as sold, coalesce(sum(units_returned), 0) as returned
               from marts.sku_weekly
           ) as weekly
           cross join (
               select coalesce(sum(units_sold), 0) as units from intermediate.sales_weekly
           ) as sales
           cross join (
               select coalesce(sum(units), 0) as units from intermediate.return_incidents
           ) as back
           where weekly.sold <> sales.units or weekly.returned <> back.units""",
    ),
    adds_up(
        "marts.refunds_daily",
        "money_in_the_log_is_money_told",
        "the money of all days must be the money that the log paid, in each currency",
        """select coalesce(daily.currency, logged.currency) as currency, daily.minor as told_minor,
                  logged.minor as paid_minor
           from (select currency, sum(refund_minor) as minor from marts.refunds_daily group by currency) as daily
           full join (
               select currency, sum(amount_minor) as minor from lake.refund_settled group by currency
           ) as logged on logged.currency = daily.currency
           where coalesce(daily.minor, 0) <> coalesce(logged.minor, 0)""",
    ),
    adds_up(
        "marts.cost_monthly",
        "refunds_cost_what_was_paid",
        "refunds and goodwill of a month must cost what its days paid, in each currency",
        """select coalesce(costs.month, paid.month) as month, coalesce(costs.currency, paid.currency) as currency,
                  costs.minor as cost_minor, paid.minor as paid_minor
           from (
               select month, currency, sum(amount_minor) as minor
               from marts.cost_monthly where kind in ('refunds', 'goodwill') group by month, currency
           ) as costs
           full join (
               select cast(date_trunc('month', day) as date) as month, currency, sum(refund_minor) as minor
               from marts.refunds_daily group by date_trunc('month', day), currency
           ) as paid on paid.month = costs.month and paid.currency = costs.currency
           where coalesce(costs.minor, 0) <> coalesce(paid.minor, 0)""",
    ),
    never(
        "marts.sla_daily",
        "a_clock_is_met_breached_or_open",
        "opened must be met, breached, still_open and no_due together",
        "opened <> met + breached + still_open + no_due or overdue_open > breached",
        column="opened, met, breached, still_open, no_due, overdue_open",
    ),
    adds_up(
        "marts.sla_daily",
        "every_clock_is_counted_once",
        "the clocks of all days must be those that were started, of each kind",
        """select coalesce(daily.clock, clocks.clock) as clock, daily.opened, clocks.opened as clocks_started
           from (select clock, sum(opened) as opened from marts.sla_daily group by clock) as daily
           full join (
               select clock, count(*) as opened from intermediate.clocks group by clock
           ) as clocks on clocks.clock = daily.clock
           where daily.opened is distinct from clocks.opened""",
    ),
    adds_up(
        "marts.process_edges",
        "every_return_starts_once",
        "as many returns must leave start as took a first step",
        """select edges.started, moves.returns
           from (
               select coalesce(sum(cases), 0) as started from marts.process_edges where from_step = 'start'
           ) as edges
           cross join (
               select count(distinct rma) as returns from intermediate.return_moves
           ) as moves
           where edges.started <> moves.returns""",
    ),
    adds_up(
        "marts.process_edges",
        "every_step_is_counted_once",
        "the cases of all edges must be the steps of all returns",
        """select edges.cases, moves.steps
           from (select coalesce(sum(cases), 0) as cases from marts.process_edges) as edges
           cross join (select count(*) as steps from intermediate.return_moves) as moves
           where edges.cases <> moves.steps""",
    ),
    adds_up(
        "marts.stage_daily",
        "every_stage_is_counted_once",
        "the stages of all days must be those that ended",
        """select daily.ended, stages.ended as stages_ended
           from (select coalesce(sum(ended), 0) as ended from marts.stage_daily) as daily
           cross join (select count(*) as ended from intermediate.stages) as stages
           where daily.ended <> stages.ended""",
    ),
    never(
        "marts.reviewer_weekly",
        "a_decision_authorizes_or_declines",
        "decided must be authorized and declined together",
        "decided <> authorized + declined or overturned > declined or failed_later > authorized or late > decided",
        column="decided, authorized, declined, overturned, failed_later, late",
    ),
    adds_up(
        "marts.reviewer_weekly",
        "every_decision_is_counted_once",
        "the decisions of all weeks must be those of the log",
        """select weekly.decided, logged.decided as decided_in_the_log
           from (select coalesce(sum(decided), 0) as decided from marts.reviewer_weekly) as weekly
           cross join (select count(*) as decided from lake.review_decided) as logged
           where weekly.decided <> logged.decided""",
    ),
    adds_up(
        "marts.satisfaction_by",
        "every_dimension_holds_all_surveys",
        "each dimension must hold the surveys and answers of satisfaction_daily",
        """select split.dimension, split.sent, daily.sent as surveys_sent, split.answered,
                  daily.answered as surveys_answered
           from (
               select dimension, sum(sent) as sent, sum(answered) as answered
               from marts.satisfaction_by group by dimension
           ) as split
           cross join (
               select sum(sent) as sent, sum(answered) as answered from marts.satisfaction_daily
           ) as daily
           where split.sent is distinct from daily.sent or split.answered is distinct from daily.answered""",
    ),
    adds_up(
        "marts.satisfaction_answers",
        "every_answer_is_there",
        "there must be as many answers to surveys that were sent as satisfaction_daily counts",
        """select answers.answers, daily.answered
           from (
               select count(*) as answers from marts.satisfaction_answers as told
               inner join intermediate.surveys as surveys on surveys.rma = told.rma and surveys.sent_at is not null
           ) as answers
           cross join (
               select coalesce(sum(answered), 0) as answered from marts.satisfaction_daily
           ) as daily
           where answers.answers <> daily.answered""",
    ),
    never(
        "marts.cases_daily",
        "a_case_is_closed_or_open",
        "opened must be closed and still_open together",
        "opened <> closed + still_open",
        column="opened, closed, still_open",
    ),
    adds_up(
        "marts.cases_daily",
        "every_case_is_counted_once",
        "cases of all days must be those that were opened",
        """select daily.cases, lives.cases as cases_opened
           from (select coalesce(sum(opened), 0) as cases from marts.cases_daily) as daily
           cross join (
               select count(*) as cases from intermediate.case_lives where opened_at is not null
           ) as lives
           where daily.cases <> lives.cases""",
    ),
    adds_up(
        "marts.satisfaction_daily",
        "every_survey_is_counted_once",
        "surveys and answers of all days must be those of the log",
        """select daily.sent, daily.answered, logged.sent as surveys_sent, logged.answered as surveys_answered
           from (
               select coalesce(sum(sent), 0) as sent, coalesce(sum(answered), 0) as answered
               from marts.satisfaction_daily
           ) as daily
           cross join (
               select count(*) as sent, count(answered_at) as answered
               from intermediate.surveys where sent_at is not null
           ) as logged
           where daily.sent <> logged.sent or daily.answered <> logged.answered""",
    ),
)
