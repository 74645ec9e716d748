"""From returned rows to returns whose lines know the order line they came from, as far as one can be found."""

from collections.abc import Iterator
from itertools import islice

import duckdb
import polars as pl

from retour.errors import UserError
from retour.importers.matching import GivenBack, Match, Purchase, match
from retour.importers.tabular import MOST_MINOR
from service.platform.ids import derived_rma

_BATCH = 50_000


def make_returns(connection: duckdb.DuckDBPyConnection, importer: str) -> None:
    """Make `returns` and `return_lines`. What names its order is matched there, before all that does not."""
    connection.execute(
        """create table matches (return_row bigint, part bigint, order_n bigint, line_no bigint,
                                 quantity bigint)"""
    )
    _make_returns(connection, importer)
    _make_purchases(connection)
    _match(connection, _NAMED)
    _match(connection, _UNNAMED)
    _make_lines(connection)
    _refuse_too_much(connection)


def _make_purchases(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `purchases`: order lines with the units that can come back by this file.

    Of an order that the service knows, units in returns that are not the file's are gone already; and one that
    is recorded otherwise than the file has it takes no part.
    """
    connection.execute(
        """create table gone as
           select order_id, line_no, cast(sum(quantity) as bigint) as units from recorded_returned
           where rma not in (select rma from rmas) group by order_id, line_no;
           create view purchases as
           select n, order_id, line_no, sku, quantity - coalesce(units, 0) as quantity
           from order_lines left join gone using (order_id, line_no)
           where order_id not in (select order_id from contradicted)
             and quantity > coalesce(units, 0)"""
    )


# Movements, group by group in order of time: a return sorts before a purchase of the same moment,
# and the purchase on top of the stack is the last one laid there. Where a return names its order, the
# purchase comes first at the same moment.
_NAMED = """
    with wanted as (
        select order_id, sku, row_number() over (order by order_id, sku) as group_n
        from (select distinct order_id, sku from returned where order_id is not null)
    )
    select group_n, quantity, n as order_n, line_no, null as return_row, time_us, 0 as is_return
    from purchases join wanted using (order_id, sku) join orders using (n, order_id)
    union all
    select group_n, quantity, null, null, row_n, time_us, 1
    from returned join wanted using (order_id, sku)
    order by group_n, time_us, is_return, line_no desc, return_row"""

_UNNAMED = """
    with wanted as (
        select customer, sku, row_number() over (order by customer, sku) as group_n
        from (select distinct customer, sku from returned
              where order_id is null and customer is not null)
    ),
    taken as (select order_n, line_no, sum(quantity) as quantity from matches group by all),
    bought as (
        select orders.customer, orders.time_us, purchases.*
        from purchases join orders using (n)
    )
    select group_n, cast(bought.quantity - coalesce(taken.quantity, 0) as bigint) as quantity,
           n as order_n, bought.line_no, null as return_row, time_us, 1 as is_purchase
    from bought join wanted using (customer, sku)
    left join taken on order_n = n and taken.line_no = bought.line_no
    where bought.quantity > coalesce(taken.quantity, 0)
    union all
    select group_n, quantity, null, null, row_n, time_us, 0
    from returned join wanted using (customer, sku) where order_id is null
    order by group_n, time_us, is_purchase, order_n, line_no desc, return_row"""


def _match(connection: duckdb.DuckDBPyConnection, movements: str) -> None:
    connection.execute(f"create or replace table movements as {movements}")
    found = match(_movements(connection.cursor()))
    while batch := list(islice(found, _BATCH)):
        _keep(connection, batch)
    connection.execute("drop table movements")


def _movements(cursor: duckdb.DuckDBPyConnection) -> Iterator[Purchase | GivenBack]:
    cursor.execute("select group_n, return_row, order_n, line_no, quantity from movements")
    while rows := cursor.fetchmany(_BATCH):
        for group, return_row, order_n, line_no, quantity in rows:
            if return_row is None:
                yield Purchase(group, order_n, line_no, quantity)
            else:
                yield GivenBack(group, return_row, quantity)


def _keep(connection: duckdb.DuckDBPyConnection, batch: list[Match]) -> None:
    rows = [
        (each.return_row, each.part, each.order_n, each.line_no, each.quantity) for each in batch
    ]
    frame = pl.DataFrame(
        rows, orient="row", schema=["return_row", "part", "order_n", "line_no", "quantity"]
    )
    connection.register("matched_batch", frame)
    connection.execute("insert into matches select * from matched_batch")
    connection.unregister("matched_batch")


def _make_returns(connection: duckdb.DuckDBPyConnection, importer: str) -> None:
    connection.execute(
        """create table numbered as
           select row_number() over (order by time_us, return_id) as n, *
           from (select return_id, min(time_us) as time_us, arg_min(customer, row_n) as customer,
                        arg_min(currency, row_n) as currency,
                        arg_min(external_ref, row_n) as external_ref
                 from returned group by return_id);
           create table rmas (n bigint, rma varchar)"""
    )
    cursor = connection.cursor()
    cursor.execute("select n, return_id from numbered")
    while rows := cursor.fetchmany(_BATCH):
        made = [(n, derived_rma(importer, return_id)) for n, return_id in rows]
        frame = pl.DataFrame(made, orient="row", schema={"n": pl.Int64, "rma": pl.String})
        connection.register("rma_batch", frame)
        connection.execute("insert into rmas select * from rma_batch")
        connection.unregister("rma_batch")
    connection.execute(
        "create table returns as select * from numbered join rmas using (n) order by n"
    )


def _make_lines(connection: duckdb.DuckDBPyConnection) -> None:
    """Each match is a line, and what remains of a row is one without an order.

    Money per line: a row's refund is shared by units so that the shares add up to it exactly.
    """
    connection.execute(
        """create table return_lines as
           with totals as (
               select return_row, sum(quantity) as quantity, max(part) as parts
               from matches group by return_row
           ),
           parts as (
               select return_row, part, order_n, line_no as order_line_no, quantity from matches
               union all
               select row_n, coalesce(parts, 0) + 1, null, null,
                      returned.quantity - coalesce(totals.quantity, 0)
               from returned left join totals on return_row = row_n
               where returned.quantity > coalesce(totals.quantity, 0)
           ),
           shared as (
               select *, sum(quantity) over (partition by return_row order by part) as units_to
               from parts
           ),
           valued as (
               select returns.n, returns.rma, returned.row_n, part, order_lines.order_id,
                      order_line_no, returned.sku, cast(shared.quantity as bigint) as quantity,
                      returned.reason, received_us, refunded_us, outcome, grade, returned.line_no as place,
                      cast(refund_minor * cast(units_to as hugeint) // returned.quantity
                           - refund_minor * cast(units_to - shared.quantity as hugeint)
                             // returned.quantity as bigint) as share_minor,
                      coalesce(returned.unit_price_minor, order_lines.unit_price_minor)
                          as price_minor
               from shared
               join returned on return_row = returned.row_n
               join returns using (return_id)
               left join order_lines on order_lines.n = order_n
                    and order_lines.line_no = order_line_no
           )
           select n, rma, row_number() over (partition by n order by place, row_n, part) as line_no,
                  order_id, order_line_no, sku, quantity, reason, received_us, refunded_us,
                  outcome, grade,
                  coalesce(cast(quantity * price_minor as bigint), share_minor, 0) as value_minor,
                  coalesce(share_minor, cast(quantity * price_minor as bigint), 0) as refund_minor
           from valued order by n, 3"""
    )


def _refuse_too_much(connection: duckdb.DuckDBPyConnection) -> None:
    """A return's refunds are one amount in the log."""
    found = connection.execute(
        f"""select return_id, sum(refund_minor) as refund_minor
            from return_lines join returns using (n)
            group by return_id having sum(refund_minor) > {MOST_MINOR} order by return_id limit 1"""
    ).fetchall()
    for return_id, refund_minor in found:
        raise UserError(
            f"return {return_id} is worth {refund_minor:,} minor units (cents, fen) in all, more than "
            f"{MOST_MINOR:,}; mend its amounts or give it as several returns. Nothing was imported"
        )
