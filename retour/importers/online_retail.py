"""UCI *Online Retail* and *Online Retail II*, as published: the invoices of one London gift shop.

Invoice numbers beginning with C are credit notes, product codes begin with five digits. What is neither
a sale nor a return (fees, postage, manual corrections, stock movements) is set aside by reason.
"""

from pathlib import Path

import duckdb

from retour.errors import UserError
from retour.importers.files import Table, quoted, read_table, whole
from retour.importers.source import Source
from retour.importers.tabular import Demand, exact, refuse_bad_rows, worth_demand
from retour.importers.times import TimeColumn, read_times, utc_us

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


def read_online_retail(connection: duckdb.DuckDBPyConnection, path: Path) -> Source:
    """Make `sold`, `returned` and `set_aside` of a published file. Raises `UserError`."""
    table = read_table(connection, path, "shop")
    columns = _find_columns(table)
    with whole(path):
        times = read_times(connection, table, columns["time"])
        _parse(connection, table, columns, times)
    refuse_bad_rows(connection, table, "parsed", _demands(columns))
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
    connection: duckdb.DuckDBPyConnection, table: Table, columns: dict[str, str], times: TimeColumn
) -> None:
    """One typed row per row of the file; what does not parse is null, and refused next.

    Spreadsheets and frames turn codes into numbers: 17850.0 is customer 17850. Prices have pennies;
    the smaller fractions that some corrections carry are rounded.
    """
    code = {role: _code(columns[role]) for role in ("invoice", "sku", "customer")}
    connection.execute(
        f"""create table parsed as
            select *, {Demand.first_broken(_demands(columns))} as broken from (
            select retour_row as row_n, retour_sheet as sheet, retour_line as line,
                   {code["invoice"]} as invoice, {code["sku"]} as sku,
                   {code["customer"]} as customer,
                   nullif(trim(cast({quoted(columns["title"])} as varchar)), '') as title,
                   nullif(trim(cast({quoted(columns["country"])} as varchar)), '') as country,
                   {exact(f"cast({quoted(columns['quantity'])} as varchar)")} as quantity,
                   {times.local} as local_time,
                   cast({_price(columns["price"])} as bigint) as price_minor
            from {table.view})"""
    )


def _code(column: str) -> str:
    name = quoted(column)
    return rf"nullif(trim(regexp_replace(cast({name} as varchar), '^(\d+)\.0+$', '\1')), '')"


def _price(column: str) -> str:
    return f"round(try_cast({quoted(column)} as decimal(24, 9)) * 100)"


def _demands(columns: dict[str, str]) -> tuple[Demand, ...]:
    return (
        Demand("invoice is null", columns["invoice"], "is empty"),
        worth_demand(
            "abs(cast(quantity as hugeint)) * abs(cast(price_minor as hugeint))", columns["price"]
        ),
        Demand("length(invoice) > 190", columns["invoice"], "is too long for a number"),
        Demand("sku is null", columns["sku"], "is empty"),
        Demand("length(sku) > 200", columns["sku"], "is too long for a stock code"),
        Demand(
            "quantity is null or quantity <> trunc(quantity) or abs(quantity) > 1000000000",
            columns["quantity"],
            "is not a whole number",
        ),
        Demand(
            "coalesce(local_time not between '1990-01-01' and '2100-01-01', true)",
            columns["time"],
            "is not a time of this shop's life",
        ),
        Demand("price_minor is null", columns["price"], "is not an amount"),
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
            select parsed.* exclude (quantity, local_time, broken), cast(quantity as bigint) as quantity,
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
           select row_n,
                  invoice || '#' || row_number() over (partition by invoice order by row_n)
                      as return_id,
                  invoice as external_ref, time_us, customer, 'GBP' as currency,
                  cast(null as varchar) as order_id, sku, title, -quantity as quantity,
                  price_minor as unit_price_minor, cast(null as varchar) as reason,
                  cast(null as bigint) as received_us, time_us as refunded_us,
                  cast(null as bigint) as refund_minor,
                  cast(null as varchar) as outcome, cast(null as varchar) as grade
           from classed where class = 'returned'"""
    )
