"""Any shop's past as two tables, described in docs/import.md: order lines and returned lines."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from retour.errors import UserError
from retour.importers.files import Table, read_table, whole
from retour.importers.source import Source
from retour.importers.tabular import (
    Columns,
    Demand,
    amount,
    key_demands,
    refuse_bad_rows,
    time_demand,
    whole_number,
    worth_demand,
    zone_free,
)
from service.platform.clock import to_us

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
_OUTCOMES = ("passed", "failed", "short", "wrong_item", "empty", "unexpected")
_QUANTITY = "is not a whole number of 1 or more"
_LINE_NO = "is not a whole number from 1 to 100,000"
_PRICE = "is not an amount of 0 or more with no more decimals than its currency has"
_CURRENCY = "is not a currency such as EUR (--currency gives one for all)"


def read_history(
    connection: duckdb.DuckDBPyConnection,
    orders: Path,
    returns: Path,
    *,
    timezone: str,
    currency: str,
    now: datetime,
) -> Source:
    """Make `sold`, `returned` and an empty `set_aside` of the two tables. Raises `UserError`."""
    _refuse_bad_options(timezone, currency)
    latest_us = to_us(now + timedelta(days=1))
    order_table = ORDERS.checked(read_table(connection, orders, "orders"))
    return_table = RETURNS.checked(read_table(connection, returns, "returns"))
    with whole(orders):
        order_zone = _read_orders(connection, order_table, timezone, currency, latest_us)
    with whole(returns):
        return_zone = _read_returns(connection, return_table, timezone, currency, latest_us)
    _refuse_contradictions(connection, order_table, return_table)
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
    latest_us: int,
) -> str:
    text = ORDERS.text_of(table)
    times, zone = zone_free(connection, table, ("ordered_at", "delivered_at"), timezone)
    money = f"coalesce({text['currency']}, nullif('{currency}', ''))"
    demands = (
        *key_demands("order_id"),
        *key_demands("sku"),
        *key_demands("customer", is_required=False),
        time_demand("time_us", "ordered_at", latest_us),
        time_demand("delivered_us", "delivered_at", latest_us, "had_delivered"),
        Demand("coalesce(not regexp_matches(currency, '^[A-Z]{3}$'), true)", "currency", _CURRENCY),
        Demand("quantity is null or quantity not between 1 and 1000000000", "quantity", _QUANTITY),
        Demand("unit_price_minor is null or unit_price_minor < 0", "unit_price", _PRICE),
        worth_demand("quantity * cast(unit_price_minor as hugeint)", "unit_price"),
        *(
            [Demand("coalesce(line_no not between 1 and 100000, true)", "line_no", _LINE_NO)]
            if "line_no" in table.columns
            else []
        ),
    )
    connection.execute(
        f"""create table sold as
            select *, {Demand.first_broken(demands)} as broken from (
                select retour_row as row_n, retour_line as line, {text["order_id"]} as order_id,
                       {whole_number(text["line_no"])} as line_no,
                       {times["ordered_at"]} as time_us, {times["delivered_at"]} as delivered_us,
                       {text["delivered_at"]} is not null as had_delivered,
                       {text["customer"]} as customer, {money} as currency,
                       {text["country"]} as country, {text["sku"]} as sku,
                       {text["title"]} as title, {text["category"]} as category,
                       {text["vendor"]} as vendor, {whole_number(text["quantity"])} as quantity,
                       {amount(text["unit_price"], money)} as unit_price_minor
                from {table.view})"""
    )
    refuse_bad_rows(connection, table, "sold", demands)
    if not connection.execute("select count(*) from sold").fetchall()[0][0]:
        raise UserError(f"{table.path} has no rows; export it again")
    return zone


def _read_returns(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    timezone: str,
    currency: str,
    latest_us: int,
) -> str:
    """A return without a currency has its order's, else the only one that the orders have."""
    text = RETURNS.text_of(table)
    columns = ("requested_at", "received_at", "refunded_at")
    times, zone = zone_free(connection, table, columns, timezone)
    money = f"""coalesce({text["currency"]}, placed_currency, nullif('{currency}', ''),
                         (select min(currency) from sold having min(currency) = max(currency)))"""
    condition = text["condition"]
    grades, outcomes = (*_PASSED, *_FAILED), _OUTCOMES
    demands = (
        *key_demands("return_id"),
        *key_demands("order_id", is_required=False),
        *key_demands("sku"),
        *key_demands("customer", is_required=False),
        time_demand("time_us", "requested_at", latest_us),
        Demand("coalesce(time_us < placed_us, false)", "requested_at", "is before its order"),
        time_demand("received_us", "received_at", latest_us, "had_received"),
        time_demand("refunded_at_us", "refunded_at", latest_us, "had_refunded"),
        Demand("coalesce(not regexp_matches(currency, '^[A-Z]{3}$'), true)", "currency", _CURRENCY),
        Demand("quantity is null or quantity not between 1 and 1000000000", "quantity", _QUANTITY),
        Demand("had_price and coalesce(unit_price_minor < 0, true)", "unit_price", _PRICE),
        Demand("had_refund and coalesce(refund_minor < 0, true)", "refund_amount", _PRICE),
        worth_demand("quantity * cast(unit_price_minor as hugeint)", "unit_price"),
        worth_demand("refund_minor", "refund_amount"),
        Demand(
            "condition is not null and outcome is null",
            "condition",
            f"is not one of {', '.join((*grades, *outcomes))}",
        ),
        Demand(
            "length(reason) > 60",
            "reason",
            "is longer than 60 characters: give a word for the reason, not the customer's text",
        ),
    )
    connection.execute(
        f"""create table returned as
            with typed as (
                select raw.retour_row as row_n, raw.retour_line as line,
                       {text["return_id"]} as return_id,
                       {text["return_id"]} as external_ref, {times["requested_at"]} as time_us,
                       coalesce({text["customer"]}, placed_customer) as customer,
                       {money} as currency, {text["order_id"]} as order_id, {text["sku"]} as sku,
                       cast(null as varchar) as title,
                       {whole_number(text["quantity"])} as quantity,
                       {amount(text["unit_price"], money)} as unit_price_minor,
                       {text["unit_price"]} is not null as had_price,
                       {text["reason"]} as reason, {times["received_at"]} as received_us,
                       {text["received_at"]} is not null as had_received,
                       {times["refunded_at"]} as refunded_at_us,
                       {text["refunded_at"]} is not null as had_refunded,
                       {amount(text["refund_amount"], money)} as refund_minor,
                       {text["refund_amount"]} is not null as had_refund,
                       {condition} as condition, placed_us
                from {table.view} as raw
                left join (select order_id as placed_id,
                                  arg_min(customer, row_n) as placed_customer,
                                  arg_min(currency, row_n) as placed_currency,
                                  min(time_us) as placed_us
                           from sold group by order_id)
                  on placed_id = {text["order_id"]}
            ),
            judged as (
                select *,
                       case when had_refunded then refunded_at_us
                            when had_refund then coalesce(received_us, time_us) end as refunded_us,
                       case when upper(condition) in {_PASSED} then 'passed'
                            when upper(condition) in {_FAILED} then 'failed'
                            when lower(condition) in {_OUTCOMES} then lower(condition) end
                           as outcome,
                       case when upper(condition) in {grades} then upper(condition) end as grade
                from typed
            )
            select *, {Demand.first_broken(demands)} as broken from judged"""
    )
    refuse_bad_rows(connection, table, "returned", demands)
    return zone


def _refuse_contradictions(
    connection: duckdb.DuckDBPyConnection, orders: Table, returns: Table
) -> None:
    """An order, or a return, has one customer and one currency; an order has each line number once."""
    found = connection.execute(
        """with stated as (
               select 'order' as noun, order_id as id, customer, currency, line from sold
               union all
               select 'return', return_id, customer, currency, line from returned
           )
           select noun, id, 'more than one customer', max(line) from stated
           group by noun, id having min(customer) <> max(customer)
           union all
           select noun, id, 'more than one currency', max(line) from stated
           group by noun, id having min(currency) <> max(currency)
           union all
           select 'order', order_id, 'line number ' || line_no || ' twice', max(line) from sold
           where line_no is not null group by order_id, line_no having count(*) > 1
           order by 1, 2, 3 limit 1"""
    ).fetchall()
    for noun, id_, contradiction, line in found:
        path = (orders if noun == "order" else returns).path
        raise UserError(
            f"{path}, line {line}: {noun} {id_} has {contradiction}; mend the table. "
            "Nothing was imported"
        )


def _notes(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    ((strangers, line, order_id),) = connection.execute(
        """select count(*), min(line), arg_min(order_id, line) from returned
           where order_id is not null and order_id not in (select order_id from sold)"""
    ).fetchall()
    if not strangers:
        return ()
    rows = f"{strangers:,} returned rows name" if strangers > 1 else "a returned row names"
    return (
        f"{rows} an order that is not among the orders (line {line}: {order_id}); kept without one",
    )
