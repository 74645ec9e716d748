"""UCI *Online Retail* and *Online Retail II*, as published: the invoices of one London gift shop.

Invoice numbers beginning with C are credit notes, product codes begin with five digits. What is neither
a sale nor a return (fees, postage, manual corrections, stock movements) is set aside by reason.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from retour.errors import UserError
from retour.importers.files import LINE, ROW_N, SHEET, Table, quoted, read_table, whole
from retour.importers.source import Source
from retour.importers.tabular import (
    MOST_MINOR,
    Demand,
    key_demands,
    refuse_bad_rows,
    whole_number,
)
from retour.importers.times import Period, TimeColumn, read_times, utc_us

NAME = "online-retail"
_ZONE = "Europe/London"
_HEADINGS = {
    "invoice": ("InvoiceNo", "Invoice"),
    "sku": ("StockCode",),
    "title": ("Description",),
    "quantity": ("Quantity",),
    "time": ("InvoiceDate",),
    "price": ("UnitPrice", "Price"),
    "customer": ("CustomerID", "Customer ID"),
    "country": ("Country",),
}


def read_online_retail(
    connection: duckdb.DuckDBPyConnection, path: Path, *, now: datetime, encoding: str = ""
) -> Source:
    """Make `sold`, `returned` and `set_aside` of a published file. Raises `UserError`."""
    table = read_table(connection, path, "shop", encoding)
    columns = _find_columns(table)
    demands = _demands(columns, Period.until(now))
    with whole(path):
        times = read_times(connection, table, columns["time"])
        _parse(connection, table, columns, times, demands)
    refuse_bad_rows(connection, table, "parsed", demands)
    if not connection.execute("select count(*) from parsed").fetchall()[0][0]:
        raise UserError(f"{path} has no rows; fetch it again")
    _mark_repeated(connection)
    _classify(connection)
    _make_sold(connection)
    _make_returned(connection)
    notes = (f"times were read as {times.form}, in {_ZONE}",) if times.form else ()
    return Source(NAME, _ZONE, (path,), notes)


def _find_columns(table: Table) -> dict[str, str]:
    found = {
        role: next((name for name in names if name in table.columns), "")
        for role, names in _HEADINGS.items()
    }
    missing = [" or ".join(_HEADINGS[role]) for role, name in found.items() if not name]
    if missing:
        raise UserError(
            f"{table.path} is not the Online Retail table: it has no column {', '.join(missing)} "
            f"(it has {', '.join(table.columns)}); fetch it again, or bring another shop's past "
            "by `retour import history` (docs/import.md)"
        )
    return found


def _parse(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    columns: dict[str, str],
    times: TimeColumn,
    demands: Sequence[Demand],
) -> None:
    """One typed row per row of the file; what does not parse is null, and refused next.

    Spreadsheets and frames turn codes into numbers: 17850.0 is customer 17850. Prices have pennies;
    the smaller fractions that some corrections carry are rounded.
    """
    code = {role: _code(columns[role]) for role in ("invoice", "sku", "customer")}
    connection.execute(
        f"""create table parsed as
            select *, {Demand.first_broken(demands)} as broken from (
            select {ROW_N} as row_n, {SHEET} as sheet, {LINE} as line,
                   {code["invoice"]} as invoice, {code["sku"]} as sku,
                   {code["customer"]} as customer,
                   nullif(trim(cast({quoted(columns["title"])} as varchar)), '') as title,
                   nullif(trim(cast({quoted(columns["country"])} as varchar)), '') as country,
                   {whole_number(table, columns["quantity"])} as quantity,
                   {times.local} as local_time,
                   try_cast(round(try_cast({quoted(columns["price"])} as decimal(28, 6)) * 100) as bigint)
                       as price_minor
            from {table.view})"""
    )


def _code(column: str) -> str:
    name = quoted(column)
    return rf"nullif(trim(regexp_replace(cast({name} as varchar), '^(\d+)\.0+$', '\1')), '')"


def _demands(columns: dict[str, str], period: Period) -> tuple[Demand, ...]:
    return (
        Demand("invoice is null", columns["invoice"], "is empty"),
        *key_demands("invoice", 190, columns["invoice"]),
        Demand("sku is null", columns["sku"], "is empty"),
        *key_demands("sku", name=columns["sku"]),
        Demand(
            "quantity is null or abs(quantity) > 1000000000",
            columns["quantity"],
            "is not a whole number, or beyond 1,000,000,000",
        ),
        Demand(
            f"coalesce(not ({period.nearly_holds('local_time', timedelta())}), true)",
            columns["time"],
            period.said,
        ),
        Demand("price_minor is null", columns["price"], "is not an amount"),
        Demand(
            f"abs(cast(quantity as hugeint) * price_minor) > {MOST_MINOR}",
            columns["price"],
            f"times its quantity is more than {MOST_MINOR:,} pence",
        ),
    )


def _mark_repeated(connection: duckdb.DuckDBPyConnection) -> None:
    """Note invoices that stand twice as a whole: the two years of *Online Retail II* overlap by nine days.

    Equal lines within one invoice are lines of it and stay; so do invoices whose second block differs.
    """
    connection.execute(
        """create table blocks as
           select invoice, row_n as first_row,
                  coalesce(lead(row_n) over (order by row_n) - 1, 9223372036854775807) as last_row,
                  row_number() over (partition by invoice order by row_n) as nth
           from (select row_n, invoice, lag(invoice) over () as before from parsed)
           where invoice is distinct from before;
           create table repeated as
           with contents as (
               select blocks.invoice, first_row, last_row, nth, count(*) as rows,
                      sum(cast(hash(sku, quantity, price_minor, local_time, customer) as hugeint))
                          as content
               from blocks join parsed
                 on parsed.invoice = blocks.invoice and row_n between first_row and last_row
               where blocks.invoice in (select invoice from blocks where nth = 2)
               group by all
           )
           select later.invoice, later.first_row, later.last_row
           from contents as later join contents as first using (invoice, rows, content)
           where first.nth = 1 and later.nth > 1"""
    )


# The first word that fits decides. `returned` and `sold` are kept, all else is set aside.
_CLASS = r"""case
    when repeated.invoice is not null then 'invoice repeated in the file'
    when not regexp_matches(sku, '^[0-9]{5}') and parsed.invoice like 'C%'
        then 'credit note line without a product code (fee, discount, correction)'
    when not regexp_matches(sku, '^[0-9]{5}')
        then 'invoice line without a product code (postage, fee, correction)'
    when price_minor < 0 then 'negative price'
    when parsed.invoice like 'C%' and quantity >= 0 then 'credit note line that gives nothing back'
    when parsed.invoice like 'C%' then 'returned'
    when quantity = 0 then 'invoice line of no units'
    when quantity < 0 then 'stock movement (negative quantity, not on a credit note)'
    else 'sold' end"""


def _classify(connection: duckdb.DuckDBPyConnection) -> None:
    earliest, latest = connection.execute(
        "select min(local_time), max(local_time) from parsed"
    ).fetchall()[0]
    connection.execute(
        f"""create table classed as
            select parsed.* exclude (local_time, broken),
                   {utc_us("local_time", _ZONE, earliest, latest)} as time_us, {_CLASS} as class
            from parsed left join repeated
              on parsed.invoice = repeated.invoice and row_n between first_row and last_row;
            drop table parsed;
            create view set_aside as
            select class as reason, sheet, line, quantity as units, row_n
            from classed where class not in ('sold', 'returned')"""
    )


def _make_sold(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """create view sold as
           select row_n, invoice as order_id, cast(null as integer) as line_no, time_us,
                  cast(null as bigint) as delivered_us, customer, 'GBP' as currency, country,
                  sku, title, cast(null as varchar) as category, cast(null as varchar) as vendor,
                  quantity, price_minor as unit_price_minor
           from classed where class = 'sold'"""
    )


def _make_returned(connection: duckdb.DuckDBPyConnection) -> None:
    """Each credit line is one return, settled and closed when the credit note was written."""
    connection.execute(
        """create table returned as
           select row_n, line,
                  invoice || '#' || row_number() over (partition by invoice order by row_n)
                      as return_id,
                  cast(null as integer) as line_no, invoice as external_ref, time_us, customer, 'GBP' as currency,
                  cast(null as varchar) as order_id, sku, title, -quantity as quantity,
                  price_minor as unit_price_minor, cast(null as varchar) as reason,
                  cast(null as bigint) as received_us, time_us as refunded_us,
                  cast(null as bigint) as refund_minor,
                  cast(null as varchar) as outcome, cast(null as varchar) as grade
           from classed where class = 'returned'"""
    )
