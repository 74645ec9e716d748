"""Two returns of one customer, from application to money, and how many SQL statements each request took."""

from collections.abc import Callable
from datetime import timedelta

from house import DAY, OVERSEAS, House
from statements import sent_statements

_LONG_AGO = 60 * DAY  # after every window: a reviewer decides


def count_statements(house: House, customer: str, orders: str) -> dict[str, int]:
    """By request. The orders' numbers begin with `orders`; they must be new."""
    counted: dict[str, int] = {}

    def count(request: str, work: Callable[[], object]) -> None:
        with sent_statements() as sent:
            work()
        counted[request] = len(sent)

    _deliver(house, customer, f"{orders}-1", 3 * DAY)
    count("application", lambda: _apply(house, customer, f"{orders}-1"))
    count("look", house.look)
    count("parcel", house.arrive)
    count("inspection", lambda: house.find("passed", grade="A"))
    settlement = f"/v1/refunds/{house.refund_id()}/settlement"
    count("settlement", lambda: house.call("finance", "POST", settlement).raise_for_status())
    _deliver(house, customer, f"{orders}-2", _LONG_AGO)
    count("late application", lambda: _apply(house, customer, f"{orders}-2"))
    words = {"decision": "authorize", "reason_code": "goodwill"}
    count("decision", lambda: house.does("reviewer", "decision", **words))
    return counted


def _deliver(house: House, customer: str, order_id: str, ago: timedelta) -> None:
    delivered_at = house.clock.now() - ago
    placed_at = (delivered_at - DAY).isoformat()
    order = {**OVERSEAS, "customer": customer, "placed_at": placed_at}
    house.put_order(order_id, **order).raise_for_status()
    house.put_parcel(order_id, delivered_at=delivered_at.isoformat()).raise_for_status()


def _apply(house: House, customer: str, order_id: str) -> None:
    answer = house.apply(order_id=order_id, customer=customer).raise_for_status()
    house.rma = answer.json()["rma"]
