/*
description: Where each line of a return that is not over stands, in the words of the table of moves (service/domain/lifecycle.py).
grain: a line of a return that was not closed, or went on after it was
owner: data
refresh: by_key
key: [rma, line_no]
columns:
  rma: the return
  line_no: number of the line within the return
  quantity: units
  permission: state of the machine `authorization` - may it come back?
  reception: state of the machine `reception` - where are the goods?
  resolution: state of the machine `resolution` - what does the customer get?
  permission_since: since when (UTC)
  reception_since: since when (UTC)
  resolution_since: since when (UTC)
  permission_seq: place in the log of the event that it came there by; null for what was there from the beginning
  reception_seq: place in the log of the event that it came there by; null for what was there from the beginning
  resolution_seq: place in the log of the event that it came there by; null for what was there from the beginning
  is_over: whether nothing more will happen to these units
  place: number of the state's word among those of a status, the least far first
  status: how far the line is, as its machine that is least far
*/
with recursive unfinished as (
    select
        returns.rma,
        returns.kind,
        returns.requested_at,
        returns.is_imported,
        case when returns.kind = 'withdrawal' then returns.seq end as withdrawn_seq
    from staging.returns as returns
    left join intermediate.return_ends as ends on ends.rma = returns.rma
    left join intermediate.return_goods as goods on goods.rma = returns.rma
    where
        ends.closed_seq is null
        or coalesce(ends.last_move_seq, 0) > ends.closed_seq
        or coalesce(goods.last_move_seq, 0) > ends.closed_seq
),

lines as (
    select
        unfinished.rma,
        unfinished.kind,
        unfinished.requested_at,
        unfinished.is_imported,
        unfinished.withdrawn_seq,
        lines.line_no,
        lines.root_line_no,
        lines.quantity
    from unfinished
    inner join intermediate.lines_now as lines on lines.rma = unfinished.rma
),

past as (
    select
        lines.rma,
        lines.line_no,
        lines.line_no as of_line_no,
        cast(9223372036854775807 as bigint) as before_seq
    from lines
    union all
    select
        past.rma,
        past.line_no,
        splits.line_no as of_line_no,
        splits.seq as before_seq
    from past
    inner join staging.line_splits as splits
        on splits.rma = past.rma and splits.into_line_no = past.of_line_no
),

last_moves as (
    select
        past.rma,
        past.line_no,
        min(moves.moved_at) as first_at,
        arg_max(moves.permission, moves.seq) filter (
            where moves.permission is not null
        ) as permission,
        arg_max(moves.moved_at, moves.seq) filter (
            where moves.permission is not null
        ) as permission_since,
        max(moves.seq) filter (where moves.permission is not null) as permission_seq,
        max(moves.seq) filter (where moves.permission = 'under_review') as reinstated_seq,
        max(moves.seq) filter (where moves.reception is not null) as reception_seq,
        max(moves.seq) filter (where moves.resolution is not null) as resolution_seq,
        arg_max(moves.reception, moves.seq) filter (where moves.reception is not null) as reception,
        arg_max(moves.moved_at, moves.seq) filter (
            where moves.reception is not null
        ) as reception_since,
        arg_max(moves.resolution, moves.seq) filter (
            where moves.resolution is not null
        ) as resolution,
        arg_max(moves.moved_at, moves.seq) filter (
            where moves.resolution is not null
        ) as resolution_since,
        max(moves.seq) filter (where moves.resolution = 'refund_pending') as refund_seq
    from past
    inner join staging.line_moves as moves
        on moves.rma = past.rma and moves.line_no = past.of_line_no and moves.seq < past.before_seq
    group by past.rma, past.line_no
),

decided as (
    select
        lines.rma,
        lines.line_no,
        arg_min(decisions.decision, decisions.seq) as decision,
        min(decisions.decided_at) as decided_at,
        min(decisions.seq) as decided_seq
    from lines
    inner join staging.decisions as decisions on decisions.rma = lines.rma
    left join last_moves on last_moves.rma = lines.rma and last_moves.line_no = lines.line_no
    where decisions.seq > coalesce(last_moves.reinstated_seq, 0)
    group by lines.rma, lines.line_no
),

reviewed as (
    select
        unfinished.rma,
        arg_max(steps.step, steps.seq) as step,
        max(steps.happened_at) as happened_at,
        max(steps.seq) as step_seq
    from unfinished
    inner join staging.review_steps as steps on steps.rma = unfinished.rma
    group by unfinished.rma
),

refund_orders as (
    select
        requested.seq,
        refunds.last_step,
        refunds.last_step_at
    from unfinished
    inner join intermediate.refunds as refunds on refunds.rma = unfinished.rma
    inner join lake.refund_requested as requested
        on requested.rma = refunds.rma and requested.refund_id = refunds.refund_key
),

lapses_of_all as (
    select
        lapsed.rma,
        max(lapsed.time) as lapsed_at
    from unfinished
    inner join lake.return_appeal_lapsed as lapsed on lapsed.rma = unfinished.rma
    left join lake.return_appeal_lapsed_lines as named
        on named.subject = lapsed.rma and named.seq = lapsed.seq
    where named.seq is null
    group by lapsed.rma
),

states as (
    select
        lines.rma,
        lines.line_no,
        lines.quantity,
        case
            when declared.rma is null then 'undeclared'
            when last_moves.permission in ('cancelled', 'expired', 'authorized', 'declined_finally')
                then last_moves.permission
            when lines.is_imported then 'authorized'
            when lines.kind = 'withdrawal' and last_moves.reinstated_seq is null then 'authorized'
            when decided.decision = 'authorized' then 'authorized'
            when decided.decision = 'declined' and lapses_of_all.lapsed_at >= decided.decided_at
                then 'declined_finally'
            when decided.decision = 'declined' then 'declined'
            when reviewed.step = 'escalated' then 'escalated'
            when reviewed.step = 'asked' then 'info_requested'
            when reviewed.step is not null or last_moves.permission is not null then 'under_review'
            else 'requested'
        end as permission,
        case
            when last_moves.permission in ('cancelled', 'expired', 'authorized', 'declined_finally')
                then last_moves.permission_since
            when decided.decision = 'declined' and lapses_of_all.lapsed_at >= decided.decided_at
                then lapses_of_all.lapsed_at
            when decided.decided_at is not null then decided.decided_at
            when reviewed.happened_at is not null then reviewed.happened_at
            when declared.rma is null then last_moves.first_at
            else lines.requested_at
        end as permission_since,
        case
            when last_moves.permission in ('cancelled', 'expired', 'authorized', 'declined_finally')
                then last_moves.permission_seq
            else coalesce(decided.decided_seq, reviewed.step_seq, last_moves.permission_seq)
        end as permission_seq,
        last_moves.reception,
        last_moves.reception_since,
        coalesce(last_moves.reception_seq, decided.decided_seq, lines.withdrawn_seq) as reception_seq,
        case
            when last_moves.resolution = 'refund_pending' and refund_orders.last_step = 'unknown'
                then 'refund_unknown'
            when last_moves.resolution = 'refund_pending' and refund_orders.last_step = 'failed'
                then 'refund_failed'
            when last_moves.resolution = 'refund_pending' and refund_orders.last_step = 'settled'
                then 'refunded'
            else coalesce(last_moves.resolution, 'open')
        end as resolution,
        case
            when last_moves.resolution = 'refund_pending' then refund_orders.last_step_at
            else coalesce(last_moves.resolution_since, lines.requested_at)
        end as resolution_since,
        last_moves.resolution_seq
    from lines
    left join staging.return_lines as declared
        on declared.rma = lines.rma and declared.line_no = lines.root_line_no
    left join last_moves on last_moves.rma = lines.rma and last_moves.line_no = lines.line_no
    left join decided on decided.rma = lines.rma and decided.line_no = lines.line_no
    left join reviewed on reviewed.rma = lines.rma
    left join lapses_of_all on lapses_of_all.rma = lines.rma
    left join refund_orders on refund_orders.seq = last_moves.refund_seq
),

placed as (
    select
        states.rma,
        states.line_no,
        states.quantity,
        states.permission,
        coalesce(
            states.reception,
            case when states.permission = 'authorized' then 'awaited' else 'not_expected' end
        ) as reception,
        states.resolution,
        states.permission_since,
        coalesce(states.reception_since, states.permission_since) as reception_since,
        states.resolution_since,
        states.permission_seq,
        states.reception_seq,
        states.resolution_seq
    from states
),

words as (
    select 1 as place, 'requested' as word
    union all select 2, 'under_review'
    union all select 3, 'escalated'
    union all select 4, 'info_requested'
    union all select 5, 'authorized'
    union all select 6, 'announced'
    union all select 7, 'in_transit'
    union all select 8, 'delivered'
    union all select 9, 'lost'
    union all select 10, 'received'
    union all select 11, 'inspection_overdue'
    union all select 12, 'awaiting_choice'
    union all select 13, 'refund_agreed'
    union all select 14, 'to_send_back'
    union all select 15, 'refund_failed'
    union all select 16, 'refund_unknown'
    union all select 17, 'refund_pending'
    union all select 18, 'declined'
    union all select 19, 'refunded'
    union all select 20, 'sent_back'
    union all select 21, 'disposed'
    union all select 22, 'not_refunded'
    union all select 23, 'expired'
    union all select 24, 'cancelled'
    union all select 25, 'declined_finally'
),

spelled as (
    select
        placed.rma,
        placed.line_no,
        min(words.place) as place
    from placed
    inner join words
        on words.word = placed.resolution
        or words.word = case placed.permission when 'authorized' then '' else placed.permission end
        or words.word = case placed.reception when 'awaited' then 'authorized' else placed.reception end
    group by placed.rma, placed.line_no
)

select
    placed.rma,
    placed.line_no,
    placed.quantity,
    placed.permission,
    placed.reception,
    placed.resolution,
    placed.permission_since,
    placed.reception_since,
    placed.resolution_since,
    placed.permission_seq,
    placed.reception_seq,
    placed.resolution_seq,
    (
        placed.permission in ('declined_finally', 'cancelled', 'expired')
        and placed.reception in ('not_expected', 'not_sent', 'lost_for_good')
        and placed.resolution in ('open', 'refunded', 'sent_back', 'disposed', 'not_refunded')
    )
    or (
        placed.resolution in ('refunded', 'sent_back', 'disposed', 'not_refunded')
        and placed.reception in (
            'passed', 'waived', 'short', 'empty', 'failed', 'wrong_item', 'unexpected', 'kept',
            'not_sent', 'lost_for_good'
        )
    ) as is_over,
    words.place,
    words.word as status
from placed
left join spelled on spelled.rma = placed.rma and spelled.line_no = placed.line_no
inner join words on words.place = coalesce(spelled.place, 10)
