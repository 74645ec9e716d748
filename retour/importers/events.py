"""The events of a prepared history: which there are (`spine`, in order of time), and their payloads as JSON text.

The text is built by DuckDB, a stretch of the spine at a time, exactly as the payload models would write
it: validating half a million lines one by one would cost more than all the rest. A test holds the two together.
"""

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True, slots=True)
class Kind:
    """One event type: the noun it belongs to, whose occurrences lie in which relation, and its payload.

    `occurrences` selects n (of the noun), part and time_us; `payload` selects n, part, subject, data
    from the noun's rows between $low and $high.
    """

    type: str
    noun: str
    occurrences: str
    payload: str


def _text(column: str) -> str:
    """SQL of a text (or null) as JSON."""
    return f"coalesce(cast(to_json({column}) as varchar), 'null')"


def _number(column: str) -> str:
    """SQL of a number (or null) as JSON."""
    return f"coalesce(cast({column} as varchar), 'null')"


def _object(**members: str) -> str:
    """SQL of a JSON object whose members are given as SQL of JSON; `_NULL` where there is nothing."""
    pairs = " || ',' || ".join(f"""'"{name}":' || {value}""" for name, value in members.items())
    return f"'{{' || {pairs} || '}}'"


def _array(each: str, order: str) -> str:
    """SQL of a JSON array over a group's rows."""
    return f"'[' || string_agg({each}, ',' order by {order}) || ']'"


_NULL = "'null'"
_ZERO = "'0'"
_FALSE = "'false'"
_BETWEEN = "n between $low and $high"

_PRODUCT = _object(
    sku=_text("sku"),
    title=_text("title"),
    category=_text("category"),
    vendor=_text("vendor"),
    cost_minor=_NULL,
    price_minor=_NULL,
    currency=_NULL,
    lot=_NULL,
    parent=_NULL,
)
_ORDER_LINE = _object(
    line_no=_number("line_no"),
    sku=_text("sku"),
    quantity=_number("quantity"),
    unit_price_minor=_number("unit_price_minor"),
    discount_minor=_ZERO,
    exclusion=_NULL,
)
_ORDER = _object(
    order_id=_text("order_id"),
    customer_key=_text("token"),
    currency=_text("currency"),
    country=_text("country"),
    lines="body",
    discount_minor=_ZERO,
    shipping_minor=_ZERO,
)
_COUNTED_LINE = _object(line_no=_number("line_no"), quantity=_number("quantity"))
_RETURN_LINE = _object(
    line_no=_number("line_no"),
    order_id=_text("order_id"),
    order_line_no=_number("order_line_no"),
    sku=_text("sku"),
    quantity=_number("quantity"),
    reason=_text("reason"),
    value_minor=_number("value_minor"),
)
_RETURN = _object(
    rma=_text("rma"),
    order_id=_text("order_id"),
    customer_key=_text("token"),
    currency=_text("currency"),
    external_ref=_text("external_ref"),
    lines="body",
    inputs=_NULL,
    started_at_us=_NULL,
    returnable_until_us=_NULL,  # the policy of an imported past is not known
)
_DELIVERY = _object(
    order_id=_text("order_id"),
    delivery_id=_text("any_value(delivery_id)"),
    lines=_array(_COUNTED_LINE, "line_no"),
)
_RECEIPT = _object(
    rma=_text("rma"),
    lines=_array(_COUNTED_LINE, "line_no"),
    parcel_id=_NULL,
    due_at_us=_NULL,  # an imported past starts no clock
)
_INSPECTION = _object(
    rma=_text("rma"),
    line_no=_number("line_no"),
    quantity=_number("quantity"),
    outcome=_text("outcome"),
    grade=_text("grade"),
    inspection_depth=_NULL,
    sku=_NULL,
    text_ref=_NULL,
)
_REFUND_LINE = _object(line_no=_number("line_no"), amount_minor=_number("refund_minor"))
_REFUND = _object(
    rma=_text("return_lines.rma"),
    means=_NULL,
    currency=_text("any_value(currency)"),
    amount_minor=_number("sum(refund_minor)"),
    lines=_array(_REFUND_LINE, "line_no"),
    refund_id=_NULL,
    is_reconciled=_FALSE,
)

KINDS = (
    Kind(
        "product.upserted",
        "product",
        "select n, 0 as part, time_us from products",
        f"select n, 0 as part, sku as subject, {_PRODUCT} as data from products where {_BETWEEN}",
    ),
    Kind(
        "order.placed",
        "order",
        "select n, 0 as part, time_us from orders",
        f"""with bodies as (select n, {_array(_ORDER_LINE, "line_no")} as body
                            from order_lines where {_BETWEEN} group by n)
            select n, 0 as part, order_id as subject, {_ORDER} as data
            from orders join bodies using (n) left join tokens using (customer)
            where {_BETWEEN}""",
    ),
    Kind(
        "order.delivered",
        "order",
        "select n, delivery_n as part, delivered_us as time_us from deliveries",
        f"""select n, delivery_n as part, order_id as subject, {_DELIVERY} as data
            from deliveries join order_lines using (n, order_id, delivered_us)
            where {_BETWEEN} group by n, delivery_n, order_id""",
    ),
    Kind(
        "return.requested",
        "return",
        "select n, 0 as part, time_us from returns",
        f"""with bodies as (
                select n, {_array(_RETURN_LINE, "line_no")} as body,
                       case when count(order_id) = count(*) and min(order_id) = max(order_id)
                            then min(order_id) end as order_id
                from return_lines where {_BETWEEN} group by n
            )
            select n, 0 as part, rma as subject, {_RETURN} as data
            from returns join bodies using (n) left join tokens using (customer)
            where {_BETWEEN}""",
    ),
    Kind(
        "return.received",
        "return",
        """select distinct n, received_us as part, received_us as time_us
           from return_lines where received_us is not null""",
        f"""select n, received_us as part, rma as subject, {_RECEIPT} as data
            from return_lines where received_us is not null and {_BETWEEN}
            group by n, received_us, rma""",
    ),
    Kind(
        "line.inspected",
        "return",
        """select n, line_no as part, coalesce(received_us, time_us) as time_us
           from return_lines join returns using (n) where outcome is not null""",
        f"""select n, line_no as part, rma as subject, {_INSPECTION} as data
            from return_lines where outcome is not null and {_BETWEEN}""",
    ),
    Kind(
        "refund.settled",
        "return",
        """select distinct n, refunded_us as part, refunded_us as time_us
           from return_lines where refunded_us is not null""",
        f"""select n, refunded_us as part, return_lines.rma as subject, {_REFUND} as data
            from return_lines join returns using (n)
            where refunded_us is not null and {_BETWEEN}
            group by n, refunded_us, return_lines.rma""",
    ),
    Kind(
        "return.closed",
        "return",
        """select n, 0 as part,
                  greatest(max(refunded_us), max(received_us), any_value(time_us)) as time_us
           from return_lines join returns using (n)
           group by n having count(refunded_us) = count(*)""",
        f"""select n, 0 as part, rma as subject, {_object(rma=_text("rma"))} as data
            from returns where {_BETWEEN}""",
    ),
)

# Place in the spine, number of the kind, time in microseconds, part, subject, payload.
SpineEntry = tuple[int, int, int, int, str, str]

_NOUNS = ("product", "order", "return")


def make_spine(connection: duckdb.DuckDBPyConnection) -> int:
    """Make `spine`: every event's place, kind and noun, in order of time. Returns how many there are."""
    kinds = " union all ".join(
        f"""select time_us, {_NOUNS.index(kind.noun)} as noun, n, {number} as kind, part
            from ({kind.occurrences})"""
        for number, kind in enumerate(KINDS)
    )
    connection.execute(
        f"""create table spine as
            select row_number() over (order by time_us, noun, n, kind, part) as place,
                   time_us, kind, n, part
            from ({kinds}) order by place"""
    )
    return int(connection.execute("select count(*) from spine").fetchall()[0][0])


def read_stretch(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> list[SpineEntry]:
    """The events at these places, in order."""
    bounds = connection.execute(
        """select kind, min(n), max(n) from spine where place between ? and ?
           group by kind""",
        [first, last],
    ).fetchall()
    selects = " union all ".join(
        f"""select place, kind, time_us, part, subject, data
            from spine join ({_between(KINDS[kind].payload, low, high)})
            using (n, part) where kind = {kind} and place between {first} and {last}"""
        for kind, low, high in bounds
    )
    return connection.execute(f"select * from ({selects}) order by place").fetchall()


def _between(payload: str, low: int, high: int) -> str:
    return payload.replace("$low", str(low)).replace("$high", str(high))
