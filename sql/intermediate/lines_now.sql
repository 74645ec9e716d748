/*
description: The lines of every return as they stand - units and value moved by every split, each unit once.
grain: a return line
owner: data
refresh: by_key
key: [rma, line_no]
sort_by: rma
columns:
  rma: the return
  line_no: number of the line within the return
  root_line_no: the line of the application, or of the dock, that its units were at first
  quantity: units
  value_minor: what was paid for them (minor units)
*/
with moves as (
    select
        applied.rma,
        applied.line_no,
        applied.line_no as root_line_no,
        applied.quantity,
        applied.value_minor
    from staging.return_lines as applied
    union all
    select
        undeclared.rma,
        undeclared.line_no,
        undeclared.line_no as root_line_no,
        undeclared.quantity,
        0 as value_minor
    from intermediate.undeclared_lines as undeclared
    union all
    select
        splits.rma,
        splits.into_line_no as line_no,
        splits.root_line_no,
        splits.quantity,
        splits.value_minor
    from staging.line_splits as splits
    union all
    select
        splits.rma,
        splits.line_no,
        splits.root_line_no,
        -splits.quantity as quantity,
        -splits.value_minor as value_minor
    from staging.line_splits as splits
)

select
    moves.rma,
    moves.line_no,
    moves.root_line_no,
    cast(sum(moves.quantity) as bigint) as quantity,
    cast(sum(moves.value_minor) as bigint) as value_minor
from moves
group by moves.rma, moves.line_no, moves.root_line_no
