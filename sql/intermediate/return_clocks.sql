/*
description: Every clock that the shop must keep on a return. Imported history started none.
grain: a clock that was started on a return
owner: data
refresh: by_key
key: [rma, clock, instance]
sort_by: opened_at
columns:
  rma: the return
  clock: decision (from the application to the first decision; withdrawals need none), review (from each opening until it is decided), inspection (from the carrier's delivery or the dock, whichever is first, until all units of a line that came were inspected or accepted without) or refund (from the order to pay until the money went back)
  instance: what tells clocks of a return apart - the opening's place in the log, the line that came, or the refund
  opened_at: when it was started (UTC)
  day: the shop's day of that
  due_at: by when it is to end, as was promised when it was started, moved by pauses that are over (UTC) - as the event told, else 24 hours for a decision, a review or an inspection; another attempt to pay moves nothing
  ended_at: when it ended (UTC); null while it is open
  ended_by: done, or dropped where nothing was to be done any more - all units cancelled, or goods lost; null while it is open
  paused_us: pauses that are over (microseconds)
  paused_since: since when it stands still (UTC); null unless it does now
  owner_role: whose work it is, or was
  owner_key: who that is; null where nobody is named
  next_due_at: by when whoever has it now is to act (UTC)
*/
with given_up as (
    select
        cancelled.rma,
        max(cancelled.moved_at) as given_up_at,
        max(cancelled.seq) as given_up_seq
    from staging.line_moves as cancelled
    inner join intermediate.return_units as units on units.rma = cancelled.rma
    left join intermediate.return_decisions as decisions on decisions.rma = cancelled.rma
    where
        cancelled.permission = 'cancelled'
        and (decisions.first_seq is null or cancelled.seq < decisions.first_seq)
    group by cancelled.rma, units.units
    having sum(cancelled.quantity) >= units.units
),

endings as (
    select
        decisions.rma,
        decisions.seq,
        decisions.decided_at as ended_at,
        'done' as ended_by
    from staging.decisions as decisions
    union all
    select
        given_up.rma,
        given_up.given_up_seq as seq,
        given_up.given_up_at as ended_at,
        'dropped' as ended_by
    from given_up
),

openings as (
    select
        opened.rma,
        opened.seq,
        opened.happened_at as opened_at,
        coalesce(
            make_timestamp(opened.due_at_us), opened.happened_at + 24 * interval '1' hour
        ) as first_due_at,
        min(endings.seq) as ended_seq,
        arg_min(endings.ended_at, endings.seq) as ended_at,
        arg_min(endings.ended_by, endings.seq) as ended_by
    from staging.review_steps as opened
    left join endings on endings.rma = opened.rma and endings.seq > opened.seq
    where opened.step = 'opened'
    group by opened.rma, opened.seq, opened.happened_at, opened.due_at_us
),

later_steps as (
    select
        openings.rma,
        openings.seq,
        bool_or(steps.step = 'escalated') as is_escalated,
        arg_max(steps.due_at_us, steps.seq) filter (
            where steps.step in ('answered', 'unanswered')
        ) as resumed_due_us,
        arg_max(steps.due_at_us, steps.seq) filter (
            where steps.step in ('answered', 'unanswered', 'escalated')
        ) as next_due_us
    from openings
    inner join staging.review_steps as steps
        on steps.rma = openings.rma
        and steps.step <> 'opened'
        and steps.seq > openings.seq
        and (openings.ended_seq is null or steps.seq < openings.ended_seq)
    group by openings.rma, openings.seq
),

questions as (
    select
        steps.rma,
        steps.seq,
        steps.step,
        steps.happened_at as asked_at,
        lead(steps.happened_at) over (partition by steps.rma order by steps.seq) as next_at
    from staging.review_steps as steps
    where steps.step in ('asked', 'answered', 'unanswered')
),

pauses as (
    select
        openings.rma,
        openings.seq,
        openings.first_due_at,
        questions.seq as asked_seq,
        questions.asked_at,
        date_diff(
            'microsecond', questions.asked_at, least(questions.next_at, openings.ended_at)
        ) as pause_us
    from openings
    inner join questions
        on questions.rma = openings.rma
        and questions.step = 'asked'
        and questions.seq > openings.seq
        and (openings.ended_seq is null or questions.seq < openings.ended_seq)
),

summed_pauses as (
    select
        pauses.rma,
        pauses.seq,
        pauses.asked_at,
        pauses.pause_us,
        date_diff('microsecond', pauses.first_due_at, pauses.asked_at) < coalesce(
            sum(pauses.pause_us) over (
                partition by pauses.rma, pauses.seq
                order by pauses.asked_seq
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as was_in_time
    from pauses
),

paused as (
    select
        summed.rma,
        summed.seq,
        cast(coalesce(sum(summed.pause_us), 0) as bigint) as paused_us,
        max(summed.asked_at) filter (where summed.pause_us is null) as paused_since,
        cast(coalesce(sum(summed.pause_us) filter (where summed.was_in_time), 0) as bigint) as moved_us
    from summed_pauses as summed
    group by summed.rma, summed.seq
),

hands as (
    select
        openings.rma,
        openings.seq,
        max(assigned.seq) as assigned_seq
    from openings
    inner join lake.review_assigned as assigned
        on assigned.rma = openings.rma
        and assigned.seq > openings.seq
        and (openings.ended_seq is null or assigned.seq < openings.ended_seq)
    group by openings.rma, openings.seq
),

reviews as (
    select
        openings.rma,
        openings.seq,
        openings.opened_at,
        coalesce(
            make_timestamp(steps.resumed_due_us),
            make_timestamp(
                date_diff('microsecond', timestamp '1970-01-01', openings.first_due_at)
                + coalesce(paused.moved_us, 0)
            )
        ) as due_at,
        make_timestamp(steps.next_due_us) as told_next_due_at,
        openings.ended_at,
        openings.ended_by,
        coalesce(paused.paused_us, 0) as paused_us,
        paused.paused_since,
        case when steps.is_escalated then 'admin' else 'reviewer' end as owner_role,
        assigned.reviewer_key as owner_key,
        row_number() over (partition by openings.rma order by openings.seq) as place
    from openings
    left join paused on paused.rma = openings.rma and paused.seq = openings.seq
    left join later_steps as steps on steps.rma = openings.rma and steps.seq = openings.seq
    left join hands on hands.rma = openings.rma and hands.seq = openings.seq
    left join lake.review_assigned as assigned
        on assigned.rma = hands.rma and assigned.seq = hands.assigned_seq
),

decided as (
    select
        returns.rma,
        'decision' as clock,
        'first' as instance,
        returns.requested_at as opened_at,
        coalesce(reviews.due_at, returns.requested_at + 24 * interval '1' hour) as due_at,
        coalesce(given_up.given_up_at, decisions.decided_at) as ended_at,
        case
            when given_up.given_up_at is not null then 'dropped'
            when decisions.decided_at is not null then 'done'
        end as ended_by,
        coalesce(reviews.paused_us, 0) as paused_us,
        reviews.paused_since,
        coalesce(reviews.owner_role, 'system') as owner_role,
        reviews.owner_key,
        reviews.told_next_due_at
    from staging.returns as returns
    left join intermediate.return_decisions as decisions on decisions.rma = returns.rma
    left join given_up on given_up.rma = returns.rma
    left join reviews
        on reviews.rma = returns.rma
        and reviews.place = 1
        and (decisions.first_seq is null or reviews.seq < decisions.first_seq)
        and (given_up.given_up_seq is null or reviews.seq < given_up.given_up_seq)
    where returns.kind = 'return' and not returns.is_imported
),

lines as (
    select
        moves.rma,
        moves.line_no,
        min(moves.moved_at) filter (where moves.reception in ('delivered', 'received')) as came_at,
        max(moves.seq) filter (where moves.reception = 'lost') as lost_seq,
        max(moves.moved_at) filter (where moves.reception = 'lost') as lost_at,
        arg_min(moves.due_at, moves.seq) filter (
            where moves.reception in ('delivered', 'received')
        ) as due_at,
        max(moves.seq) filter (where moves.reception = 'inspection_overdue') as late_seq,
        arg_max(moves.due_at, moves.seq) filter (
            where moves.reception = 'inspection_overdue'
        ) as late_due_at,
        min(moves.moved_at) filter (
            where moves.reception in ('passed', 'failed', 'short', 'wrong_item', 'empty', 'waived')
        ) as inspected_at
    from staging.line_moves as moves
    where
        moves.reception in (
            'delivered', 'received', 'lost', 'inspection_overdue', 'passed', 'failed', 'short',
            'wrong_item', 'empty', 'waived'
        )
    group by moves.rma, moves.line_no
),

found_again as (
    select
        lines.rma,
        lines.line_no,
        min(moves.moved_at) as came_at,
        arg_min(moves.due_at, moves.seq) as due_at
    from lines
    inner join staging.line_moves as moves
        on moves.rma = lines.rma and moves.line_no = lines.line_no and moves.seq > lines.lost_seq
    where moves.reception in ('delivered', 'received')
    group by lines.rma, lines.line_no
),

delivered_before_split as (
    select
        splits.rma,
        splits.into_line_no as line_no,
        min(moves.moved_at) as came_at,
        arg_min(moves.due_at, moves.seq) as due_at
    from staging.line_splits as splits
    inner join staging.line_moves as moves
        on moves.rma = splits.rma and moves.line_no = splits.line_no and moves.seq < splits.seq
    inner join lines as whole on whole.rma = splits.rma and whole.line_no = splits.line_no
    where
        moves.reception = 'delivered'
        and (whole.lost_seq is null or whole.lost_seq < moves.seq or whole.lost_seq > splits.seq)
    group by splits.rma, splits.into_line_no
),

arrivals as (
    select
        lines.rma,
        lines.line_no,
        case
            when lines.lost_seq is null then least(lines.came_at, split_off.came_at)
            else coalesce(found_again.came_at, lines.came_at)
        end as came_at,
        case
            when lines.lost_seq is null then coalesce(split_off.due_at, lines.due_at)
            else coalesce(found_again.due_at, lines.due_at)
        end as due_at,
        lines.late_seq,
        lines.late_due_at,
        coalesce(
            lines.inspected_at, case when found_again.came_at is null then lines.lost_at end
        ) as ended_at,
        case
            when lines.inspected_at is not null then 'done'
            when found_again.came_at is null and lines.lost_seq is not null then 'dropped'
        end as ended_by
    from lines
    inner join staging.returns as returns on returns.rma = lines.rma
    left join found_again on found_again.rma = lines.rma and found_again.line_no = lines.line_no
    left join delivered_before_split as split_off
        on split_off.rma = lines.rma and split_off.line_no = lines.line_no
    where lines.came_at is not null and not returns.is_imported
),

late_refunds as (
    select
        refunds.rma,
        refunds.refund_key,
        arg_max(late.next_due_at, late.seq) as next_due_at
    from intermediate.refunds as refunds
    inner join staging.line_moves as lines
        on lines.rma = refunds.rma and lines.seq = refunds.requested_seq
    inner join staging.late_lines as late
        on late.rma = refunds.rma and late.line_no = lines.line_no and late.seq > refunds.due_seq
    where late.clock = 'refund'
    group by refunds.rma, refunds.refund_key
),

clocks as (
    select
        decided.rma,
        decided.clock,
        decided.instance,
        decided.opened_at,
        decided.due_at,
        decided.ended_at,
        decided.ended_by,
        decided.paused_us,
        decided.paused_since,
        decided.owner_role,
        decided.owner_key,
        coalesce(decided.told_next_due_at, decided.due_at) as next_due_at
    from decided
    union all
    select
        reviews.rma,
        'review' as clock,
        cast(reviews.seq as varchar) as instance,
        reviews.opened_at,
        reviews.due_at,
        reviews.ended_at,
        reviews.ended_by,
        reviews.paused_us,
        reviews.paused_since,
        reviews.owner_role,
        reviews.owner_key,
        coalesce(reviews.told_next_due_at, reviews.due_at) as next_due_at
    from reviews
    union all
    select
        arrivals.rma,
        'inspection' as clock,
        cast(arrivals.line_no as varchar) as instance,
        arrivals.came_at as opened_at,
        coalesce(arrivals.due_at, arrivals.came_at + 24 * interval '1' hour) as due_at,
        arrivals.ended_at,
        arrivals.ended_by,
        0 as paused_us,
        cast(null as timestamp) as paused_since,
        case when arrivals.late_seq is not null then 'admin' else 'inspector' end as owner_role,
        cast(null as varchar) as owner_key,
        coalesce(
            arrivals.late_due_at, arrivals.due_at, arrivals.came_at + 24 * interval '1' hour
        ) as next_due_at
    from arrivals
    union all
    select
        refunds.rma,
        'refund' as clock,
        refunds.refund_key as instance,
        refunds.requested_at as opened_at,
        refunds.first_due_at as due_at,
        refunds.settled_at as ended_at,
        case when refunds.settled_at is not null then 'done' end as ended_by,
        0 as paused_us,
        cast(null as timestamp) as paused_since,
        case when refunds.last_step = 'unknown' then 'system' else 'finance' end as owner_role,
        cast(null as varchar) as owner_key,
        coalesce(late.next_due_at, refunds.due_at) as next_due_at
    from intermediate.refunds as refunds
    left join late_refunds as late
        on late.rma = refunds.rma and late.refund_key = refunds.refund_key
    where refunds.requested_seq is not null
)

select
    clocks.rma,
    clocks.clock,
    clocks.instance,
    clocks.opened_at,
    cast(clocks.opened_at + zone.offset_seconds * interval '1' second as date) as day,
    clocks.due_at,
    clocks.ended_at,
    clocks.ended_by,
    cast(clocks.paused_us as bigint) as paused_us,
    case when clocks.ended_at is null then clocks.paused_since end as paused_since,
    clocks.owner_role,
    clocks.owner_key,
    clocks.next_due_at
from clocks
inner join meta.zone_offsets as zone
    on clocks.opened_at >= zone.starts_at and clocks.opened_at < zone.ends_at
