"""What an importer may ask of the service before it imports, on both databases."""

from collections.abc import Iterator, Sequence

from service_shop import ORDER, Shop

from service.application import Retour


def test_an_empty_service_is_not_asked(retour: Retour) -> None:
    asked: list[str] = []

    def _order_ids() -> Iterator[Sequence[str]]:
        asked.append("order ids")
        yield []

    assert list(retour.history.recorded_orders(_order_ids())) == []
    assert not asked


def test_orders_are_told_with_their_lines_and_what_came_back(shop: Shop) -> None:
    shop.delivered()
    rma = shop.apply(quantity=2).json()["rma"]

    (recorded,) = shop.retour.history.recorded_orders([["A-1", "unknown"]])

    ((order_id, _, currency),) = recorded.orders
    assert (order_id, currency) == ("A-1", "EUR")
    assert sorted(recorded.lines) == [("A-1", 1, "MUG", 3, 1290), ("A-1", 2, "POT", 1, 4900)]
    assert list(recorded.returned) == [("A-1", 1, rma, 2)]


def test_only_customers_that_are_known_have_a_token(shop: Shop) -> None:
    shop.put_order()
    known = str(ORDER["customer"])

    found = dict(shop.retour.history.known_customers([known, "stranger"]))

    assert list(found) == [known]
