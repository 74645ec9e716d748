/*
description: The five ills of returns, week by week - laborious for the customer, slow to be decided, silent about what happens, stalled in between, unanalysed afterwards.
grain: a week and measure, where there was anything to measure
owner: operations
refresh: by_day
partition: week_start
key: [week_start, measure]
columns:
  week_start: Monday of the shop's week
  ill: laborious, slow, silent, stalled or unanalysed
  measure: inputs_median (inputs that the customer gave for an application or withdrawal, median, by the week of applying), minutes_median (from beginning it to having applied, median), decision_hours_median (from an application to its first decision, median, by the week of the decision; withdrawals need none), auto_share (of the week's decisions on applications, the share made by rule), message_minutes_median (from an event to the letter that tells of it, median, by the week of the letter), first_answer_hours_median (from opening a case of their own until one of the staff first wrote to them, for which the automatic acknowledgement does not count, or it ended, median, by the week in which that came), stalled_returns (returns for which a case of standing still was opened in the week), stalled_hours_median (how long cases of standing still had stayed open, median, by the week in which they ended), analysed_share (of the units asked back in the week, the share of products that the detector weighed against an expectation), reason_share (of the units asked back in the week, the share with a reason of the customer's)
  value: the figure, in its unit
  unit: count, minutes, hours or share (0..1)
  n: what the figure rests on - applications, decisions, letters, cases or units (count); of stalled_returns the returns applied for in the week, or the stalled ones where these are more
*/
with applied as (
    select
        weeks.week_start,
        count(*) as returns,
        count(weeks.inputs) as with_inputs,
        median(weeks.inputs) as inputs_median,
        count(weeks.minutes) as with_minutes,
        median(weeks.minutes) as minutes_median
    from intermediate.application_weeks as weeks
    group by weeks.week_start
),

decided as (
    select
        weeks.week_start,
        count(*) as decisions,
        median(weeks.hours) as hours_median,
        cast(count(*) filter (where weeks.is_automatic) as double) / nullif(count(*), 0) as auto_share
    from intermediate.decision_weeks as weeks
    group by weeks.week_start
),

answered as (
    select
        waits.week_start,
        count(*) as cases,
        median(waits.hours) as hours_median
    from intermediate.case_waits as waits
    where waits.until = 'answer' and waits.is_from_customer
    group by waits.week_start
),

moved_on as (
    select
        waits.week_start,
        count(*) as cases,
        median(waits.hours) as hours_median
    from intermediate.case_waits as waits
    where waits.until = 'end' and waits.kind = 'stalled'
    group by waits.week_start
),

stalled as (
    select
        cases.week_start,
        count(distinct cases.rma) as returns
    from intermediate.case_lives as cases
    where cases.kind = 'stalled'
    group by cases.week_start
),

stalled_returns as (
    select
        coalesce(applied.week_start, stalled.week_start) as week_start,
        coalesce(stalled.returns, 0) as returns,
        greatest(coalesce(applied.returns, 0), coalesce(stalled.returns, 0)) as applied
    from applied
    full outer join stalled on stalled.week_start = applied.week_start
),

measures as (
    select
        applied.week_start,
        'laborious' as ill,
        'inputs_median' as measure,
        applied.inputs_median as value,
        'count' as unit,
        applied.with_inputs as n
    from applied
    union all
    select
        applied.week_start,
        'laborious' as ill,
        'minutes_median' as measure,
        applied.minutes_median as value,
        'minutes' as unit,
        applied.with_minutes as n
    from applied
    union all
    select
        decided.week_start,
        'slow' as ill,
        'decision_hours_median' as measure,
        decided.hours_median as value,
        'hours' as unit,
        decided.decisions as n
    from decided
    union all
    select
        decided.week_start,
        'slow' as ill,
        'auto_share' as measure,
        decided.auto_share as value,
        'share' as unit,
        decided.decisions as n
    from decided
    union all
    select
        letters.week_start,
        'silent' as ill,
        'message_minutes_median' as measure,
        letters.median_minutes as value,
        'minutes' as unit,
        letters.letters as n
    from intermediate.letters_weekly as letters
    union all
    select
        answered.week_start,
        'silent' as ill,
        'first_answer_hours_median' as measure,
        answered.hours_median as value,
        'hours' as unit,
        answered.cases as n
    from answered
    union all
    select
        stalled.week_start,
        'stalled' as ill,
        'stalled_returns' as measure,
        cast(stalled.returns as double) as value,
        'count' as unit,
        stalled.applied as n
    from stalled_returns as stalled
    union all
    select
        moved_on.week_start,
        'stalled' as ill,
        'stalled_hours_median' as measure,
        moved_on.hours_median as value,
        'hours' as unit,
        moved_on.cases as n
    from moved_on
    union all
    select
        analysed.week_start,
        'unanalysed' as ill,
        'analysed_share' as measure,
        cast(analysed.units_analysed as double) / nullif(analysed.units, 0) as value,
        'share' as unit,
        analysed.units as n
    from intermediate.analysed_weekly as analysed
    union all
    select
        analysed.week_start,
        'unanalysed' as ill,
        'reason_share' as measure,
        cast(analysed.units_with_reason as double) / nullif(analysed.units, 0) as value,
        'share' as unit,
        analysed.units as n
    from intermediate.analysed_weekly as analysed
)

select
    measures.week_start,
    measures.ill,
    measures.measure,
    cast(measures.value as double) as value,
    measures.unit,
    measures.n
from measures
where measures.n > 0 and measures.value is not null
