"""A request costs the same however much there is already: what it sends to the database is counted."""

import pytest
from counted_story import count_statements
from house import DAY, House
from policy_with import policy_with
from rivals import flag
from service_shop import ORDER, PARCEL

from service.application import Retour
from service.domain.risk import RulesOnly
from service.orders.schemas import DeliveryBody, OrderBody
from service.platform.clock import VirtualClock
from service.platform.db import Database
from service.platform.ids import SystemIds
from service.returns.schemas import ReturnBody

CUSTOMER = "anna@example.com"
EARLIER_RETURNS = 50
FEW_EVENTS, MANY_EVENTS = 100, 5_000


@pytest.fixture
def retour(db: Database, clock: VirtualClock) -> Retour:
    """Nothing is audited by lot: an application that is writes once more."""
    policy = policy_with({"audit.bootstrap_share": 0.0})
    return Retour(db, policy, RulesOnly(), clock, SystemIds(), secret=b"a test's secret")


@pytest.fixture
def warm(house: House) -> House:
    """Somebody else's returns came first: what is made once, such as a stock's row, is there."""
    count_statements(house, "bert@example.com", "warm")
    return house


class TestHistory:
    def test_a_customer_s_fifty_earlier_returns_cost_no_statement_more(self, warm: House) -> None:
        at_first = count_statements(warm, CUSTOMER, "first")
        for number in range(EARLIER_RETURNS):
            _return_something(warm.retour, f"earlier-{number}")
        warm.clock.move_to(warm.clock.now() + 800 * DAY)

        assert count_statements(warm, CUSTOMER, "last") == at_first

    def test_a_log_of_thousands_costs_no_statement_more_than_one_of_a_hundred(
        self, warm: House
    ) -> None:
        _fill_log(warm.retour, FEW_EVENTS)
        with_few = count_statements(warm, CUSTOMER, "few")
        _fill_log(warm.retour, MANY_EVENTS)

        assert count_statements(warm, "cleo@example.com", "many") == with_few


def _return_something(retour: Retour, order_id: str) -> None:
    retour.orders.place(order_id, OrderBody.model_validate({**ORDER, "customer": CUSTOMER}))
    retour.orders.deliver(order_id, "1", DeliveryBody.model_validate(PARCEL))
    line = {"line_no": 1, "quantity": 1, "reason": "defect"}
    body = {"order_id": order_id, "customer": CUSTOMER, "lines": [line]}
    retour.returns.request(ReturnBody.model_validate(body))


def _fill_log(retour: Retour, until: int) -> None:
    """Events of other things, until the log has this many."""
    missing = until - retour.log_head()
    assert missing > 0
    retour.conclusions.append([flag(f"sku-{number}") for number in range(missing)])
