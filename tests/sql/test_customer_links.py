"""Orders told to the service: the pipeline knows every link between customers once, as the service itself holds it."""

from collections.abc import Callable
from typing import Any

import pytest
from house import House
from sqlalchemy import select

from service.customers.repository import customer_links

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
TOLD: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("A-1", "anna", "2026-02-20", {"address": "home", "device": "d-1", "phone": "110"}),
    ("B-1", "bert", "2026-02-21", {"address": "home", "payment": "card-1"}),
    ("A-2", "anna", "2026-01-05", {"address": "home", "device": "d-2"}),
    ("A-3", "anna", "2026-02-23", {"payment": "card-1"}),
    ("A-3", "anna", "2026-02-23", {"address": "work"}),
)
_LINKS = "select * from staging.customer_links order by seq, kind"


@pytest.fixture(scope="module")
def ask(house: House, refreshed: Callable[[], Ask]) -> Ask:
    for order_id, customer, day, came_by in TOLD:
        told = {"customer": customer, "placed_at": f"{day}T12:00:00Z", "identity": came_by}
        house.put_order(order_id, **told).raise_for_status()
    house.put_order("N-1", customer="nobody").raise_for_status()
    return refreshed()


def test_each_link_is_there_once_with_the_order_that_told_of_it_first(
    ask: Ask, house: House
) -> None:
    with house.retour.context.db.read() as connection:
        held = {
            (row.customer_key, row.kind, row.token, row.order_id, row.first_seen_at_us)
            for row in connection.execute(select(customer_links))
        }

    links = ask(f"select *, epoch_us(first_seen_at) as first_seen_at_us from ({_LINKS})")

    assert len(links) == len(held) == 8
    assert held == {
        (row["customer_key"], row["kind"], row["token"], row["order_id"], row["first_seen_at_us"])
        for row in links
    }


def test_what_is_shared_is_found(ask: Ask) -> None:
    shared = ask(
        f"select kind, count(distinct customer_key) as customers from ({_LINKS}) group by kind, token"
        " having count(distinct customer_key) > 1 order by kind"
    )

    assert shared == [{"kind": "address", "customers": 2}, {"kind": "payment", "customers": 2}]


def test_they_lead_to_the_orders_of_their_customer(ask: Ask) -> None:
    strays = ask(
        f"select links.order_id from ({_LINKS}) as links left join staging.orders as orders"
        " on orders.order_id = links.order_id and orders.customer_key = links.customer_key"
        " where orders.order_id is null"
    )

    assert strays == []
