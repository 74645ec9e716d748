from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from policy_with import policy_with
from service_shop import ORDER, PARCEL, Shop

from service.domain.events import Actor, LineInspected
from service.domain.policy import Policy
from service.policies import default_policy
from service.policies.replay import Change, Replayed, replay

BERLIN = ZoneInfo("Europe/Berlin")
FORTNIGHT = policy_with({"window.days": 14})

Judge = Callable[[Policy], Replayed]


@pytest.fixture
def against(shop: Shop) -> Judge:
    """Judges the shop's past by the built-in policy, and by another."""
    return lambda other: replay(shop.retour.context.db, default_policy(), other, BERLIN)


def order(shop: Shop, order_id: str, *, country: str = "US", customer: str = "anna") -> None:
    """An order of three mugs that arrived on 24 February."""
    assert shop.put_order(order_id, country=country, customer=customer).status_code == 201
    assert shop.put_parcel(order_id).status_code == 201


def apply_(shop: Shop, order_id: str, *, after_days: float = 6, customer: str = "anna") -> str:
    """A return of one mug, so many days after 24 February. Its RMA."""
    moment = shop.clock.now().replace(month=2, day=24, hour=10) + timedelta(days=after_days)
    if moment > shop.clock.now():
        shop.clock.move_to(moment)
    answer = shop.apply(order_id=order_id, customer=customer)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["rma"])


class TestReplay:
    def test_a_shorter_window_sends_later_requests_to_a_person(
        self, shop: Shop, against: Judge
    ) -> None:
        order(shop, "A-1")
        apply_(shop, "A-1", after_days=10)
        apply_(shop, "A-1", after_days=20)
        apply_(shop, "A-1", after_days=40)

        replayed = against(FORTNIGHT)

        assert replayed.returns == {
            Change("pass", "pass", "EUR"): 1,
            Change("pass", "review", "EUR"): 1,
            Change("pass", "review", "EUR", "return_window"): 1,
            Change("review", "review", "EUR"): 1,
        }
        assert set(replayed.value_minor.values()) == {1290}
        assert (replayed.judged, replayed.changed, replayed.without_order) == (3, 1, 0)
        assert replayed.deliveries == {"live": 3}

    def test_it_changes_nothing(self, shop: Shop, against: Judge) -> None:
        order(shop, "A-1")
        apply_(shop, "A-1", after_days=20)
        before = shop.types()

        against(FORTNIGHT)

        assert shop.types() == before

    def test_what_the_law_grants_does_not_change(self, shop: Shop, against: Judge) -> None:
        order(shop, "A-1", country="DE")
        assert shop.put_parcel("A-1", "2", lines=[{"line_no": 2, "quantity": 1}]).is_success
        apply_(shop, "A-1", after_days=13)

        replayed = against(policy_with({"window.days": 1, "window.late": "decline"}))

        assert replayed.returns == {Change("pass", "pass", "EUR"): 1}

    def test_nor_where_some_of_the_order_came_after_the_request(
        self, shop: Shop, against: Judge
    ) -> None:
        order(shop, "A-1", country="DE")
        apply_(shop, "A-1", after_days=20)
        pot = {"lines": [{"line_no": 2, "quantity": 1}], "delivered_at": None}
        shop.clock.move_to(shop.clock.now() + timedelta(days=1))
        assert shop.put_parcel("A-1", "2", **pot).is_success

        replayed = against(policy_with({"window.days": 1, "window.late": "decline"}))

        assert replayed.returns == {Change("pass", "pass", "EUR"): 1}

    def test_a_parcel_that_came_after_the_request_does_not_count(
        self, shop: Shop, against: Judge
    ) -> None:
        shop.put_order(country="US")
        shop.put_parcel(parcel="1", lines=[{"line_no": 1, "quantity": 2}])
        apply_(shop, "A-1", after_days=20, customer=str(ORDER["customer"]))
        shop.clock.move_to(shop.clock.now() + timedelta(days=1))
        late = shop.clock.now().isoformat()
        shop.put_parcel(parcel="2", lines=[{"line_no": 1, "quantity": 1}], delivered_at=late)

        assert against(FORTNIGHT).returns[Change("pass", "review", "EUR")] == 1

    def test_a_rule_that_declines_now_is_named_though_it_failed_before(
        self, shop: Shop, against: Judge
    ) -> None:
        order(shop, "A-1", customer="anna")
        shop.clock.move_to(shop.clock.now() + timedelta(days=40))
        line = {"line_no": 1, "quantity": 1, "reason": "changed_mind"}
        assert shop.apply(customer="anna", lines=[line]).status_code == 201

        replayed = against(policy_with({"window.late": "decline"}))

        assert Change("review", "decline", "EUR", "return_window") in replayed.returns

    def test_each_request_is_judged_by_what_was_known_then(
        self, shop: Shop, against: Judge
    ) -> None:
        for order_id, customer in (("A-1", "anna"), ("B-1", "ben")):
            order(shop, order_id, customer=customer)
        for day in (6, 7, 8):
            apply_(shop, "A-1", after_days=day)
        apply_(shop, "B-1", after_days=9, customer="ben")

        replayed = against(policy_with({"rules.history.max_returns": 2}))

        assert replayed.returns[Change("pass", "review", "EUR", "history")] == 1
        assert replayed.returns[Change("pass", "pass", "EUR")] == 3

    def test_each_policy_counts_returns_within_its_own_days(
        self, shop: Shop, against: Judge
    ) -> None:
        order(shop, "A-1")
        apply_(shop, "A-1", after_days=6)
        apply_(shop, "A-1", after_days=12)
        once = {"rules.history.max_returns": 1}

        assert against(policy_with({**once, "rules.history.within_days": 5})).changed == 0
        assert against(policy_with({**once, "rules.history.within_days": 7})).changed == 1

    def test_an_inspection_that_failed_counts_for_later_requests_only(
        self, shop: Shop, against: Judge
    ) -> None:
        order(shop, "A-1")
        rma = apply_(shop, "A-1", after_days=6)
        with shop.retour.context.transaction() as transaction:
            failed = LineInspected(
                rma=rma, line_no=1, quantity=1, outcome="failed", grade="D", inspection_depth="full"
            )
            transaction.emit(rma, failed, Actor("inspector"))
        apply_(shop, "A-1", after_days=7)

        replayed = against(policy_with({"rules.history.max_failed_inspections": 0}))

        assert replayed.returns[Change("pass", "review", "EUR", "history")] == 1
        assert replayed.returns[Change("pass", "pass", "EUR")] == 1

    def test_what_was_before_a_person_stays_so_under_every_policy(
        self, shop: Shop, against: Judge
    ) -> None:
        order(shop, "A-1")
        rma = apply_(shop, "A-1", after_days=40)
        decline = {"decision": "decline", "reason_code": "misuse"}
        assert shop.call("reviewer", "POST", f"/v1/returns/{rma}/decision", json=decline).is_success
        apply_(shop, "A-1", after_days=41)

        replayed = against(policy_with({"window.days": 60}))

        assert replayed.returns[Change("review", "pass", "EUR")] == 1
        assert replayed.returns[Change("review", "review", "EUR")] == 1

    def test_pages_do_not_matter_and_progress_is_told(
        self, shop: Shop, against: Judge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(3):
            order(shop, f"A-{number}")
        for number in range(3):
            for turn in range(3):
                apply_(shop, f"A-{number}", after_days=10 + 2 * turn + number)
        other = policy_with({"window.days": 14, "rules.history.max_returns": 4})
        whole = against(other)
        monkeypatch.setattr("service.policies.past.PAGE", 2)
        told: list[tuple[int, int]] = []

        db = shop.retour.context.db
        paged = replay(db, default_policy(), other, BERLIN, lambda *done: told.append(done))

        assert paged == whole
        assert whole.judged == told[-1][0] == told[-1][1] == 9

    def test_orders_and_parcels_of_the_fixture_are_as_the_tests_assume(self) -> None:
        assert PARCEL["delivered_at"] == "2026-02-24T10:00:00Z"
