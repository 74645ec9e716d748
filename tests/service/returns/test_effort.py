from datetime import timedelta
from typing import Any

import pytest
from house import House
from service_shop import ORDER, problem

from service.platform.clock import to_us

MINUTE = timedelta(minutes=1)


@pytest.fixture
def told_of(house: House) -> House:
    """A house with a delivered order that somebody could withdraw from, or apply for."""
    assert house.put_order().is_success
    assert house.put_parcel().is_success
    return house


def applies(house: House, **told: Any) -> Any:
    answer = house.apply(**told)
    house.rma = answer.json().get("rma", "")
    return answer


def confirms(house: House, **told: Any) -> Any:
    """Withdraws, and tells of the effort with the confirmation."""
    lines = [{"line_no": 1, "quantity": 1}]
    body = {"order_id": "A-1", "customer": ORDER["customer"], "lines": lines}
    first = house.call("storefront", "POST", "/v1/withdrawals", json=body).json()
    path, confirmation = "/v1/withdrawals/confirmations", first["confirmation"]
    answer = house.call("storefront", "POST", path, json={"confirmation": confirmation, **told})
    house.rma = answer.json().get("rma", "")
    return answer


WAYS = [(applies, "return.requested"), (confirms, "return.withdrawn")]


@pytest.mark.parametrize(("ask", "event"), WAYS)
class TestEffort:
    def test_what_the_app_counted_is_in_the_log(self, ask: Any, event: str, told_of: House) -> None:
        began = told_of.clock.now() - 3 * MINUTE

        assert ask(told_of, inputs=6, started_at=began.isoformat()).status_code == 201

        (said,) = told_of.told(event)
        assert (said["inputs"], said["started_at_us"]) == (6, to_us(began))

    def test_an_app_need_not_count(self, ask: Any, event: str, told_of: House) -> None:
        assert ask(told_of).status_code == 201

        (said,) = told_of.told(event)
        assert (said["inputs"], said["started_at_us"]) == (None, None)

    def test_a_whole_day_is_the_longest(self, ask: Any, event: str, told_of: House) -> None:
        now = told_of.clock.now()

        too_long = ask(told_of, started_at=(now - timedelta(days=1, seconds=1)).isoformat())
        said = problem(too_long, 422, "not-when-it-began")
        assert said["detail"].startswith("started_at is 2026-03-01T11:59:59+00:00, but here it is")
        assert "within the last 24 hours" in said["detail"]
        assert "leave it out" in said["detail"]
        assert told_of.happened() == []

        assert ask(told_of, started_at=(now - timedelta(days=1)).isoformat()).status_code == 201

    def test_it_cannot_begin_later_but_for_clocks_that_differ(
        self, ask: Any, event: str, told_of: House
    ) -> None:
        now = told_of.clock.now()
        problem(ask(told_of, started_at=(now + 6 * MINUTE).isoformat()), 422, "not-when-it-began")

        assert ask(told_of, started_at=(now + 4 * MINUTE).isoformat()).status_code == 201

        (said,) = told_of.told(event)
        assert said["started_at_us"] == to_us(now)

    @pytest.mark.parametrize("wrong", [{"inputs": -1}, {"started_at": "2026-03-02T12:00:00"}])
    def test_what_no_app_can_have_counted_is_refused_by_name(
        self, ask: Any, event: str, wrong: dict[str, Any], told_of: House
    ) -> None:
        answer = ask(told_of, **wrong)

        assert answer.status_code == 422
        assert next(iter(wrong)) in answer.text


class TestARepeatedApplication:
    def test_is_answered_as_before_though_its_beginning_is_long_past(self, told_of: House) -> None:
        began = told_of.clock.now().isoformat()
        first = applies(told_of, key="once", started_at=began)
        told_of.wait(days=2)

        again = applies(told_of, key="once", started_at=began)

        assert (again.status_code, again.json()["rma"]) == (200, first.json()["rma"])
