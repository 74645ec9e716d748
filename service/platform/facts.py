"""What some events say, as plain rows beside the log: of whom, of what, when. An assessment asks them (`sql/features`).

A fact is written where its event is appended, in the same transaction, and stands at the event's place in the log. The
warehouse makes the same rows from the lake (`sql/intermediate/risk_facts.sql`), so that what was judged can be judged again.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Table, Text, text

from service.domain.events import RecordedEvent
from service.platform.db import metadata

_ASKED_BY = ("customer_key", "order_id", "rma", "sku", "token")


def _index(name: str) -> Index:
    is_told = text(f"{name} is not null")
    return Index(
        f"risk_facts_by_{name}", name, "seq", sqlite_where=is_told, postgresql_where=is_told
    )


risk_facts = Table(
    "risk_facts",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("fact", Text, nullable=False),
    Column("at_us", BigInteger),
    Column("customer_key", Text),
    Column("order_id", Text),
    Column("rma", Text),
    Column("sku", Text),
    Column("token", Text),
    Column("word", Text),
    Column("units", BigInteger),
    Column("amount", BigInteger),
    *(_index(name) for name in _ASKED_BY),
)

Fact = dict[str, Any]
_NAMES = tuple(column.name for column in risk_facts.columns)
_NOTHING: Mapping[str, None] = dict.fromkeys(_NAMES)
BAD = ("failed", "short", "wrong_item", "empty")
_SQLITE_INSERT = (
    f"insert into risk_facts ({', '.join(_NAMES)}) values ({', '.join('?' * len(_NAMES))})"
)


def note(connection: Connection, rows: Iterable[tuple[int, RecordedEvent]]) -> None:
    """Write the facts of these events; each comes with its place in the log."""
    found = list(_numbered(rows))
    if not found:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_SQLITE_INSERT, [tuple(each.values()) for each in found])
    else:
        connection.execute(risk_facts.insert(), found)


def _numbered(rows: Iterable[tuple[int, RecordedEvent]]) -> Iterator[Fact]:
    for seq, row in rows:
        facts_of = _FACTS.get(row.type)
        if facts_of is None:
            continue
        for item, fact in enumerate(facts_of(json.loads(row.data), row.time_us)):
            yield {**_NOTHING, **fact, "seq": seq, "item": item}


def _order(data: Mapping[str, Any], at_us: int) -> list[Fact]:
    order_id = data["order_id"]
    lines = [
        {
            "fact": "order_line",
            "order_id": order_id,
            "sku": line["sku"],
            "units": line["quantity"],
            "amount": int(line.get("discount_minor", 0) > 0),
        }
        for line in data["lines"]
    ]
    head = {
        "fact": "order",
        "at_us": at_us,
        "customer_key": data["customer_key"],
        "order_id": order_id,
    }
    return [head, *lines]


def _delivery(data: Mapping[str, Any], at_us: int) -> list[Fact]:
    return [{"fact": "delivery", "at_us": at_us, "order_id": data["order_id"]}]


def _returned(fact: str) -> Callable[[Mapping[str, Any], int], list[Fact]]:
    def facts_of(data: Mapping[str, Any], at_us: int) -> list[Fact]:
        rma = data["rma"]
        head = {
            "fact": fact,
            "at_us": at_us,
            "customer_key": data["customer_key"],
            "order_id": data["order_id"],
            "rma": rma,
        }
        lines = [
            {
                "fact": "return_line",
                "order_id": line["order_id"],
                "rma": rma,
                "sku": line["sku"],
                "word": line["reason"],
                "units": line["quantity"],
            }
            for line in data["lines"]
        ]
        return [head, *lines]

    return facts_of


def _inspected(data: Mapping[str, Any], at_us: int) -> list[Fact]:
    outcome, about = data["outcome"], {"rma": data["rma"], "units": data["quantity"]}
    if outcome == "passed":
        return [{"fact": "good", "word": data.get("inspection_depth"), **about}]
    if outcome in BAD:
        return [{"fact": "bad", "word": outcome, **about}]
    return []


def _of_rma(fact: str) -> Callable[[Mapping[str, Any], int], list[Fact]]:
    return lambda data, at_us: [{"fact": fact, "rma": data["rma"]}]


def _case(data: Mapping[str, Any], at_us: int) -> list[Fact]:
    if data["kind"] != "not_received" or data["order_id"] is None:
        return []
    return [{"fact": "claim", "order_id": data["order_id"]}]


def _links(data: Mapping[str, Any], at_us: int) -> list[Fact]:
    about = {"fact": "link", "customer_key": data["customer_key"]}
    return [
        {**about, "token": token, "word": kind}
        for kind in ("address", "device", "phone", "payment")
        if (token := data.get(f"{kind}_key")) is not None
    ]


def _product(data: Mapping[str, Any], at_us: int) -> list[Fact]:
    return [
        {
            "fact": "product",
            "sku": data["sku"],
            "word": data.get("category"),
            "amount": data.get("price_minor"),
        }
    ]


def _profile(data: Mapping[str, Any], at_us: int) -> list[Fact]:
    told = {
        "return_rate": data["return_rate"],
        "abuse_rate": data["abuse_rate"],
        "lean": data["lean"],
        "price": data["price_minor"],
    }
    return [
        {"fact": "profile", "token": data["category"], "word": word, "amount": amount}
        for word, amount in told.items()
        if amount is not None
    ]


_FACTS: Mapping[str, Callable[[Mapping[str, Any], int], Sequence[Fact]]] = {
    "order.placed": _order,
    "order.delivered": _delivery,
    "return.requested": _returned("return"),
    "return.withdrawn": _returned("withdrawal"),
    "line.inspected": _inspected,
    "return.declined": _of_rma("decline"),
    "return.cancelled": _of_rma("not_sent"),
    "return.expired": _of_rma("not_sent"),
    "case.opened": _case,
    "customer.identified": _links,
    "product.upserted": _product,
    "category.profiled": _profile,
}
