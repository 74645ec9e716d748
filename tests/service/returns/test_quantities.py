import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from migrated import migrated_file
from rivals import claim_last_units, own_retour, send_twice, two_processes
from service_shop import ORDER, PARCEL

from service.application import Retour
from service.orders.commands import MoreThanOrdered
from service.orders.repository import delivered
from service.orders.schemas import DeliveryBody, OrderBody
from service.returns.applying import MoreThanDelivered
from service.returns.repository import units_in_returns
from service.returns.schemas import ReturnBody

QUANTITIES = st.tuples(st.sampled_from(["deliver", "return"]), st.integers(1, 2), st.integers(1, 4))


class TestQuantities:
    @given(steps=st.lists(QUANTITIES, max_size=12))
    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    def test_no_order_of_events_brings_back_more_than_was_delivered(
        self, steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        retour = _shop_of(tmp_path_factory.mktemp("shop") / "retour.db")

        for number, (what, line_no, quantity) in enumerate(steps):
            _try(retour, number, what, line_no, quantity)

            with retour.context.db.read() as connection:
                arrived = delivered(connection, "A-1")
                returned = units_in_returns(connection, "A-1")
            for line, units in returned.items():
                assert 0 < units <= arrived[line].quantity <= {1: 3, 2: 1}[line]
        retour.context.db.dispose()


class TestTheLastUnit:
    @pytest.fixture
    def orders(self, retour: Retour) -> list[str]:
        """Twenty orders that arrived."""
        numbers = [f"A-{number}" for number in range(20)]
        for order_id in numbers:
            retour.orders.place(order_id, OrderBody.model_validate(ORDER))
            retour.orders.deliver(order_id, "1", DeliveryBody.model_validate(PARCEL))
        return numbers

    @pytest.mark.slow
    def test_of_two_processes_that_want_it_exactly_one_gets_it(
        self, orders: list[str], database_url: str
    ) -> None:
        results = multiprocessing.get_context("spawn").Queue()
        with two_processes(claim_last_units, database_url, orders, results) as processes:
            told = sorted(results.get(timeout=60) for _ in range(40))

        assert [each.exitcode for each in processes] == [0, 0]
        assert told == sorted(
            (order, outcome) for order in orders for outcome in ("won", "refused")
        )

    @pytest.mark.slow
    def test_of_two_processes_that_send_the_same_application_one_makes_the_return(
        self, orders: list[str], database_url: str
    ) -> None:
        results = multiprocessing.get_context("spawn").Queue()
        with two_processes(send_twice, database_url, orders, results) as processes:
            told = [results.get(timeout=60) for _ in range(40)]

        assert [each.exitcode for each in processes] == [0, 0]
        for order_id in orders:
            (one, is_new), (other, is_other_new) = [
                each[1:] for each in told if each[0] == order_id
            ]
            assert one == other
            assert {is_new, is_other_new} == {True, False}


def _shop_of(path: Path) -> Retour:
    retour = own_retour(f"sqlite:///{migrated_file(path)}", datetime(2026, 3, 2, 12, tzinfo=UTC))
    retour.orders.place("A-1", OrderBody.model_validate(ORDER))
    return retour


def _try(retour: Retour, number: int, what: str, line_no: int, quantity: int) -> None:
    line = {"line_no": line_no, "quantity": quantity}
    try:
        if what == "deliver":
            retour.orders.deliver(
                "A-1", str(number), DeliveryBody.model_validate({"lines": [line]})
            )
        else:
            lines = [{**line, "reason": "defect"}]
            body = {"order_id": "A-1", "customer": ORDER["customer"], "lines": lines}
            retour.returns.request(ReturnBody.model_validate(body))
    except (MoreThanOrdered, MoreThanDelivered):
        pass
