"""Returns of a shop over HTTP, each a story of its own; and the lines of all of them as the service holds them."""

from typing import Any

from house import OVERSEAS, House
from sqlalchemy import select

from service.returns.repository import return_lines

HELD = (
    "rma",
    "line_no",
    "root_line_no",
    "quantity",
    "value_minor",
    "grade",
    "disposition",
    "reason",
)


class Stories:
    """One return each, by a customer of its own, of an order of three mugs and a pot."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rmas: dict[str, str] = {}

    def applied(self, story: str, *quantities: int) -> House:
        house, order_id = self.house, f"{story}-order"
        assert house.put_order(order_id, customer=story, **OVERSEAS).status_code == 201
        self._delivered(order_id)
        lines = [
            {"line_no": number, "quantity": quantity, "reason": "defect"}
            for number, quantity in enumerate(quantities, 1)
        ]
        answer = house.apply(order_id=order_id, customer=story, lines=lines)
        assert answer.status_code == 201, answer.text
        return self._of(story, answer.json()["rma"])

    def withdrawn(self, story: str, quantity: int) -> House:
        house, order_id = self.house, f"{story}-order"
        assert house.put_order(order_id, customer=story).status_code == 201
        self._delivered(order_id)
        lines = [{"line_no": 1, "quantity": quantity}]
        body = {"order_id": order_id, "customer": story, "lines": lines}
        told = house.call("storefront", "POST", "/v1/withdrawals", json=body)
        proof = {"confirmation": told.json()["confirmation"]}
        answer = house.call("storefront", "POST", "/v1/withdrawals/confirmations", json=proof)
        assert answer.status_code == 201, answer.text
        return self._of(story, answer.json()["rma"])

    def _delivered(self, order_id: str) -> None:
        lines = [{"line_no": 1, "quantity": 3}, {"line_no": 2, "quantity": 1}]
        assert self.house.put_parcel(order_id, lines=lines).status_code == 201

    def _of(self, story: str, rma: str) -> House:
        self.rmas[story] = self.house.rma = rma
        return self.house


def found(line_no: int, *findings: tuple[str, int, str | None], **more: Any) -> dict[str, Any]:
    """The body of an inspection."""
    told = [{"outcome": what, "quantity": n, "grade": grade} for what, n, grade in findings]
    return {"line_no": line_no, "depth": "full", "findings": told, **more}


def held(house: House) -> list[tuple[Any, ...]]:
    """Every line as the service's own tables have it."""
    query = select(*(return_lines.c[name] for name in HELD))
    with house.retour.context.db.read() as connection:
        return sorted(tuple(row) for row in connection.execute(query))
