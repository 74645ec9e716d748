"""What the service knows already of a file's orders. It stays as first recorded, so returns are matched against that.

Makes `matchable`: the order lines from which a returned unit may come. An order whose recorded lines or
customer differ from the file's has none; of the others, units that came back by other returns are gone.
"""

from collections.abc import Iterable, Iterator, Sequence

import duckdb
import polars as pl

from service.history.commands import Histories

_BATCH = 5_000
_TEXT, _NUMBER = pl.String(), pl.Int64()
_TABLES = {
    "known_orders": pl.Schema({"order_id": _TEXT, "token": _TEXT}),
    "known_lines": pl.Schema(
        {
            "order_id": _TEXT,
            "line_no": _NUMBER,
            "sku": _TEXT,
            "quantity": _NUMBER,
            "unit_price_minor": _NUMBER,
        }
    ),
    "known_returns": pl.Schema(
        {"rma": _TEXT, "order_id": _TEXT, "line_no": _NUMBER, "quantity": _NUMBER}
    ),
    "known_customers": pl.Schema({"customer": _TEXT, "token": _TEXT}),
}


def make_matchable(connection: duckdb.DuckDBPyConnection, histories: Histories) -> tuple[str, ...]:
    """Make `matchable` of `order_lines`. Returns what to tell of orders that take no part."""
    if not histories.knows_orders():
        connection.execute(
            "create view matchable as select n, order_id, line_no, sku, quantity from order_lines"
        )
        return ()
    for table, schema in _TABLES.items():
        connection.register("no_rows", pl.DataFrame(schema=schema))
        connection.execute(f"create table {table} as select * from no_rows")
        connection.unregister("no_rows")
    for order_ids in _column(connection, "select order_id from orders order by n"):
        _keep(connection, histories, order_ids)
    _compare(connection)
    return _told(connection)


def _column(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[Sequence[str]]:
    cursor = connection.cursor()
    cursor.execute(query)
    while rows := cursor.fetchmany(_BATCH):
        yield [value for (value,) in rows]


def _keep(
    connection: duckdb.DuckDBPyConnection, histories: Histories, order_ids: Sequence[str]
) -> None:
    found = histories.recorded(order_ids)
    _insert(connection, "known_orders", found.orders)
    _insert(connection, "known_lines", found.lines)
    _insert(connection, "known_returns", found.returned)
    known = [order_id for order_id, _ in found.orders]
    customers = connection.execute(
        "select distinct customer from orders where customer is not null and order_id in ?", [known]
    ).fetchall()
    tokens = histories.known_customers([customer for (customer,) in customers])
    _insert(connection, "known_customers", tokens.items())


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[object, ...]]
) -> None:
    frame = pl.DataFrame(list(rows), schema=_TABLES[table], orient="row")
    connection.register("known_rows", frame)
    connection.execute(f"insert into {table} select * from known_rows")
    connection.unregister("known_rows")


def _compare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """create table kept_orders as
           select order_id from known_orders join orders using (order_id)
           left join (select distinct * from known_customers) as met using (customer)
           where known_orders.token is distinct from met.token
           union
           select coalesce(told.order_id, known.order_id)
           from (select order_lines.* from order_lines semi join known_orders using (order_id)) as told
           full outer join known_lines as known using (order_id, line_no)
           where (told.sku, told.quantity, told.unit_price_minor)
                 is distinct from (known.sku, known.quantity, known.unit_price_minor);
           create table matchable as
           with elsewhere as (
               select order_id, line_no, sum(quantity) as quantity
               from known_returns anti join returns using (rma) group by all
           )
           select n, order_id, line_no, sku,
                  cast(told.quantity - coalesce(elsewhere.quantity, 0) as bigint) as quantity
           from order_lines as told anti join kept_orders using (order_id)
           left join elsewhere using (order_id, line_no)
           where told.quantity > coalesce(elsewhere.quantity, 0)"""
    )


def _told(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    ((count, first),) = connection.execute(
        "select count(*), min(order_id) from kept_orders"
    ).fetchall()
    if not count:
        return ()
    orders = f"{count:,} orders ({first} is one)" if count > 1 else f"order {first}"
    verb = "differ" if count > 1 else "differs"
    return (f"{orders} {verb} from what is recorded; returns of it are kept without an order",)
