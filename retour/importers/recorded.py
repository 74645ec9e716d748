"""What the service has recorded of a file's orders: it stays so, and returns are matched with it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import duckdb
import polars as pl

from retour.importers.source import Source, rows_without_order
from service.history.commands import Histories, Row

_BATCH = 50_000
_RELATIONS = {
    "recorded_orders": "order_id varchar, token varchar, currency varchar",
    "recorded_lines": """order_id varchar, line_no bigint, sku varchar, quantity bigint,
                         unit_price_minor bigint""",
    "recorded_returned": "order_id varchar, line_no bigint, rma varchar, quantity bigint",
    "recorded_customers": "customer varchar, token varchar",
}


def load_recorded(
    connection: duckdb.DuckDBPyConnection, histories: Histories, source: Source
) -> Source:
    """Make `recorded_returned`, and `contradicted`: the known orders that are another thing in the file.

    Returns the source, with a note where its returns name such orders.
    """
    for relation, columns in _RELATIONS.items():
        connection.execute(f"create table {relation} ({columns})")
    _load_orders(connection, histories)
    _load_customers(connection, histories)
    connection.execute(f"create table contradicted as {_CONTRADICTED}")
    said = rows_without_order(
        connection,
        "order_id in (select order_id from contradicted)",
        "an order that is recorded with other lines or another customer",
    )
    return replace(source, notes=(*source.notes, said)) if said else source


_CONTRADICTED = """
    select order_id from recorded_orders join orders using (order_id)
    left join recorded_customers using (customer)
    where recorded_orders.currency <> orders.currency
       or recorded_orders.token is distinct from recorded_customers.token
       or customer is not null and recorded_customers.token is null
    union
    select order_id from (
        select order_id, line_no, sku, quantity, unit_price_minor from recorded_lines
        union all
        select order_id, line_no, sku, quantity, unit_price_minor
        from order_lines semi join recorded_orders using (order_id)
    )
    group by order_id, line_no, sku, quantity, unit_price_minor having count(*) <> 2"""


def _load_orders(connection: duckdb.DuckDBPyConnection, histories: Histories) -> None:
    cursor = connection.cursor()
    cursor.execute("select order_id from orders")
    for recorded in histories.recorded_orders(_batches(cursor)):
        _insert(connection, "recorded_orders", recorded.orders)
        _insert(connection, "recorded_lines", recorded.lines)
        _insert(connection, "recorded_returned", recorded.returned)


def _load_customers(connection: duckdb.DuckDBPyConnection, histories: Histories) -> None:
    cursor = connection.cursor()
    cursor.execute(
        """select distinct customer from orders semi join recorded_orders using (order_id)
           where customer is not null"""
    )
    references = (customer for batch in _batches(cursor) for customer in batch)
    found = histories.known_customers(references)
    while batch := list(islice(found, _BATCH)):
        _insert(connection, "recorded_customers", batch)


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[Sequence[str]]:
    while rows := cursor.fetchmany(_BATCH):
        yield [value for (value,) in rows]


def _insert(connection: duckdb.DuckDBPyConnection, relation: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    frame = pl.DataFrame(rows, orient="row", infer_schema_length=None)
    connection.register("recorded_batch", frame)
    connection.execute(f"insert into {relation} select * from recorded_batch")
    connection.unregister("recorded_batch")
