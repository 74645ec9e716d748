"""Any shop's past as two tables, described in docs/import.md: order lines and returned lines."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from retour.errors import UserError
from retour.importers.files import LINE, ROW_N, Table, read_table, whole
from retour.importers.source import Source, rows_without_order
from retour.importers.tabular import (
    MOST_MINOR,
    Columns,
    Demand,
    amount,
    key_demands,
    printable,
    refuse_bad_rows,
    whole_number,
    zone_free,
)
from retour.importers.times import Period

NAME = "history"
ORDERS = Columns(
    required=("order_id", "ordered_at", "sku", "quantity", "unit_price"),
    optional=(
        "line_no",
        "delivered_at",
        "customer",
        "title",
        "category",
        "vendor",
        "currency",
        "country",
    ),
)
RETURNS = Columns(
    required=("return_id", "requested_at", "sku", "quantity"),
    optional=(
        "line",
        "received_at",
        "refunded_at",
        "order_id",
        "customer",
        "reason",
        "condition",
        "unit_price",
        "refund_amount",
        "currency",
    ),
)
_PASSED, _FAILED = ("A", "B"), ("C", "D")
_GRADES = (*_PASSED, *_FAILED)
_OUTCOMES = ("passed", "failed", "short", "wrong_item", "empty", "unexpected")
_QUANTITY = "is not a whole number from 1 to 1,000,000,000"
_LINE_NO = "is not a whole number from 1 to 100,000"
_MOST = f"{MOST_MINOR:,} minor units (cents, fen)"
_NO_LINE = "coalesce(line_no not between 1 and 100000, true)"
_PRICE = f"is not an amount from 0 to {_MOST} with no more decimals than its currency has"
_TIMES_QUANTITY = f"times its quantity is more than {_MOST}"


def read_history(
    connection: duckdb.DuckDBPyConnection,
    orders: Path,
    returns: Path,
    *,
    timezone: str,
    currency: str,
    now: datetime,
    encoding: str = "",
) -> Source:
    """Make `sold`, `returned` and an empty `set_aside` of the two tables. Raises `UserError`."""
    period = Period.until(now)
    _refuse_bad_options(timezone, currency)
    order_table = ORDERS.checked(read_table(connection, orders, "orders", encoding))
    return_table = RETURNS.checked(read_table(connection, returns, "returns", encoding))
    with whole(orders):
        order_zone = _read_orders(connection, order_table, timezone, currency, period)
    with whole(returns):
        return_zone = _read_returns(connection, return_table, timezone, currency, period)
    _refuse_contradictions(connection, order_table, _ORDER_CONTRADICTIONS)
    _refuse_contradictions(connection, return_table, _RETURN_CONTRADICTIONS)
    connection.execute(
        """create view set_aside as select cast(null as varchar) as reason,
               cast(null as varchar) as sheet, cast(null as bigint) as line,
               cast(null as bigint) as units, cast(null as bigint) as row_n where false"""
    )
    zone = order_zone or return_zone or timezone or "UTC"
    return Source(NAME, zone, (orders, returns), _notes(connection))


def _refuse_bad_options(timezone: str, currency: str) -> None:
    if currency and not re.fullmatch("[A-Z]{3}", currency):
        raise UserError(f"--currency {currency!r} is not an ISO 4217 code such as EUR or CNY")
    try:
        ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UserError(
            f"--timezone {timezone!r} is not an IANA time zone; write one such as Europe/London"
        ) from unknown


def _read_orders(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    timezone: str,
    currency: str,
    period: Period,
) -> str:
    text = ORDERS.text_of(table)
    times, zone = zone_free(connection, table, ("ordered_at", "delivered_at"), timezone, period)
    money = f"coalesce({text['currency']}, nullif('{currency}', ''))"
    demands = (
        Demand("order_id is null", "order_id", "is empty"),
        *key_demands("order_id"),
        Demand("sku is null", "sku", "is empty"),
        *key_demands("sku"),
        Demand(period.misses("time_us"), "ordered_at", period.said),
        Demand(f"had_delivered and {period.misses('delivered_us')}", "delivered_at", period.said),
        _currency_demand(table),
        Demand(_out_of("quantity", 1, 10**9), "quantity", _QUANTITY),
        Demand(_out_of("unit_price_minor", 0, MOST_MINOR), "unit_price", _PRICE),
        Demand(_too_much("unit_price_minor"), "unit_price", _TIMES_QUANTITY),
        Demand(f"{'line_no' in table.columns} and {_NO_LINE}", "line_no", _LINE_NO),
    )
    connection.execute(
        f"""create table sold as
            select *, {Demand.first_broken(demands)} as broken from (
                select {ROW_N} as row_n, {LINE} as line, {text["order_id"]} as order_id,
                       {whole_number(table, "line_no")} as line_no,
                       {times["ordered_at"]} as time_us, {times["delivered_at"]} as delivered_us,
                       {text["delivered_at"]} is not null as had_delivered,
                       {text["customer"]} as customer, {money} as currency,
                       {text["country"]} as country, {text["sku"]} as sku,
                       {text["title"]} as title, {text["category"]} as category,
                       {text["vendor"]} as vendor, {whole_number(table, "quantity")} as quantity,
                       {amount(table, "unit_price", money)} as unit_price_minor
                from {table.view})"""
    )
    refuse_bad_rows(connection, table, "sold", demands)
    if not connection.execute("select count(*) from sold").fetchall()[0][0]:
        raise UserError(f"{table.path} has no rows; export it again")
    return zone


def _currency_demand(table: Table) -> Demand:
    way_out = "mend that line, or leave it empty and give --currency"
    if "currency" not in table.columns:
        way_out = "add a column currency, or give --currency"
    return Demand(
        "coalesce(not regexp_matches(currency, '^[A-Z]{3}$'), true)",
        "currency",
        "is not a currency such as EUR",
        way_out,
    )


def _out_of(column: str, least: int, most: int) -> str:
    return f"coalesce({column} not between {least} and {most}, true)"


def _too_much(price: str) -> str:
    return f"cast(quantity as hugeint) * {price} > {MOST_MINOR}"


def _read_returns(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    timezone: str,
    currency: str,
    period: Period,
) -> str:
    columns = ("requested_at", "received_at", "refunded_at")
    times, zone = zone_free(connection, table, columns, timezone, period)
    demands = (
        *_RETURN_KEYS,
        *_times_demands(period),
        *_amounts_demands(table),
        *_RETURN_WORDS,
    )
    connection.execute(
        f"""create table returned as
            with typed as ({_typed_returns(table, times, currency)}),
            judged as ({_JUDGED_RETURNS})
            select *, {Demand.first_broken(demands)} as broken from judged"""
    )
    refuse_bad_rows(connection, table, "returned", demands)
    return zone


def _typed_returns(table: Table, times: Mapping[str, str], currency: str) -> str:
    """A return without a currency has its order's, else the only one that the orders have."""
    text = RETURNS.text_of(table)
    money = f"""coalesce({text["currency"]}, placed_currency, nullif('{currency}', ''),
                         (select min(currency) from sold having min(currency) = max(currency)))"""
    return f"""
        select {ROW_N} as row_n, {LINE} as line, {text["return_id"]} as return_id,
               {whole_number(table, "line")} as line_no, {text["line"]} is not null as had_line,
               {text["return_id"]} as external_ref, {times["requested_at"]} as time_us,
               coalesce({text["customer"]}, placed_customer) as customer,
               {money} as currency, {text["order_id"]} as order_id, {text["sku"]} as sku,
               cast(null as varchar) as title, {whole_number(table, "quantity")} as quantity,
               {amount(table, "unit_price", money)} as unit_price_minor,
               {text["unit_price"]} is not null as had_price,
               {text["reason"]} as reason, {times["received_at"]} as received_us,
               {text["received_at"]} is not null as had_received,
               {times["refunded_at"]} as refunded_at_us,
               {text["refunded_at"]} is not null as had_refunded,
               {amount(table, "refund_amount", money)} as refund_minor,
               {text["refund_amount"]} is not null as had_refund,
               {text["condition"]} as condition
        from {table.view}
        left join (select order_id as placed_id, arg_min(customer, row_n) as placed_customer,
                          arg_min(currency, row_n) as placed_currency
                   from sold group by order_id)
          on placed_id = {text["order_id"]}"""


_JUDGED_RETURNS = f"""
    select *,
           case when had_refunded then refunded_at_us
                when had_refund then coalesce(received_us, time_us) end as refunded_us,
           case when upper(condition) in {_PASSED} then 'passed'
                when upper(condition) in {_FAILED} then 'failed'
                when lower(condition) in {_OUTCOMES} then lower(condition) end as outcome,
           case when upper(condition) in {_GRADES} then upper(condition) end as grade
    from typed"""

_RETURN_KEYS = (
    Demand("return_id is null", "return_id", "is empty"),
    *key_demands("return_id"),
    *key_demands("order_id"),
    Demand("sku is null", "sku", "is empty"),
    *key_demands("sku"),
)
_RETURN_WORDS = (
    Demand(f"had_line and {_NO_LINE}", "line", _LINE_NO),
    Demand(
        "condition is not null and outcome is null",
        "condition",
        f"is not one of {', '.join((*_GRADES, *_OUTCOMES))}",
    ),
    Demand(
        "length(reason) > 60",
        "reason",
        "is longer than 60 characters: give a word for the reason, not the customer's text",
    ),
    printable("reason"),
)


def _times_demands(period: Period) -> tuple[Demand, ...]:
    return (
        Demand(period.misses("time_us"), "requested_at", period.said),
        Demand(f"had_received and {period.misses('received_us')}", "received_at", period.said),
        Demand(f"had_refunded and {period.misses('refunded_at_us')}", "refunded_at", period.said),
    )


def _amounts_demands(table: Table) -> tuple[Demand, ...]:
    return (
        _currency_demand(table),
        Demand(_out_of("quantity", 1, 10**9), "quantity", _QUANTITY),
        Demand(f"had_price and {_out_of('unit_price_minor', 0, MOST_MINOR)}", "unit_price", _PRICE),
        Demand(_too_much("unit_price_minor"), "unit_price", _TIMES_QUANTITY),
        Demand(f"had_refund and {_out_of('refund_minor', 0, MOST_MINOR)}", "refund_amount", _PRICE),
    )


_ORDER_CONTRADICTIONS = """
    select 'order ' || order_id || ' has more than one customer', max(line) from sold
    group by order_id having min(customer) <> max(customer)
    union all
    select 'order ' || order_id || ' has more than one currency', max(line) from sold
    group by order_id having min(currency) <> max(currency)
    union all
    select 'order ' || order_id || ' has line number ' || line_no || ' twice', max(line) from sold
    where line_no is not null group by order_id, line_no having count(*) > 1"""

_RETURN_CONTRADICTIONS = """
    select 'return ' || return_id || ' has more than one customer', max(line) from returned
    group by return_id having min(customer) <> max(customer)
    union all
    select 'return ' || return_id || ' has more than one currency', max(line) from returned
    group by return_id having min(currency) <> max(currency)
    union all
    select 'return ' || return_id || ' was asked for at more than one time', max(line) from returned
    group by return_id having min(time_us) <> max(time_us)
    union all
    select 'return ' || return_id || ' has line number ' || line_no || ' twice', max(line)
    from returned where line_no is not null group by return_id, line_no having count(*) > 1"""


def _refuse_contradictions(
    connection: duckdb.DuckDBPyConnection, table: Table, contradictions: str
) -> None:
    """One order or return has one customer, one currency, one time of request, and each line number once."""
    found = connection.execute(f"{contradictions} order by 1 limit 1").fetchall()
    for contradiction, line in found:
        raise UserError(
            f"{table.path}, line {line}: {contradiction}; mend the table. Nothing was imported"
        )


def _notes(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    said = rows_without_order(
        connection,
        "order_id not in (select order_id from sold)",
        "an order that is not among the orders",
    )
    return (said,) if said else ()
