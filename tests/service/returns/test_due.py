"""What the log tells of clocks: the moments are those that the service set itself, whatever the calendar and whatever paused."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from house import House
from policy_with import policy_with
from replayed import dues, replay
from stories import STORIES, a_house

from service.domain.events import PAYLOADS
from service.domain.lifecycle import TRANSITIONS, WAITING
from service.platform import log
from service.platform.clock import from_us
from service.returns import repository


@pytest.fixture(params=["calendar", "business"])
def any_hours(request: pytest.FixtureRequest, house: House) -> House:
    """A house whose clocks count all hours, or those in which the shop works."""
    policy = policy_with({"clocks.calendar": request.param})
    object.__setattr__(house.retour.context, "policy", policy)
    return house


def until(house: House) -> str:
    """When the next step is due, as the customer reads it."""
    return str(house.look()["next"]["until"])


def told(house: House, event: str, name: str = "due_at_us") -> str:
    """When it is due, as the last event of a type tells it."""
    return f"{from_us(house.told(event)[-1][name]):%Y-%m-%dT%H:%M:%SZ}"


class TestEveryWait:
    def test_is_begun_by_an_event_that_has_room_for_its_end(self) -> None:
        names = {"due_at_us", "next_due_at_us", "appeal_until_us"}
        begin = {row.event for row in TRANSITIONS if (row.machine, row.to_state) in WAITING}

        assert {each for each in begin if not names & PAYLOADS[each].model_fields.keys()} == set()

    @pytest.mark.slow
    @pytest.mark.parametrize("name", STORIES)
    def test_is_due_in_the_log_when_it_is_due_in_the_tables(
        self, name: str, tmp_path: Path
    ) -> None:
        with a_house(f"sqlite:///{tmp_path / 'retour.db'}", name, _Compared) as house:
            STORIES[name](house)
            house.look()

            assert isinstance(house, _Compared)
            assert house.compared > 0


class _Compared(House):
    """Before each step, log and tables tell of the same clocks."""

    compared = 0

    def call(self, role: str, method: str, path: str, **request: Any) -> Any:
        self._compare()
        return super().call(role, method, path, **request)

    def work(self) -> int:
        self._compare()
        return super().work()

    def _compare(self) -> None:
        if not self.rma:
            return
        with self.retour.context.db.read() as connection:
            head = repository.find(connection, self.rma)
            assert head is not None
            rows = repository.rows_of(connection, self.rma)
            events = log.read_subject(connection, self.rma)
        ours = dues(dict(repository.lines_of(rows, head)))
        assert dues(replay(events, head.refund_on)) == ours
        self.compared += len(ours)


class TestCalendars:
    """The same moment in the log and on the customer's page, whichever hours count."""

    def test_the_time_for_sending_and_for_the_way(self, any_hours: House) -> None:
        any_hours.begin()
        assert told(any_hours, "return.authorized") == until(any_hours)
        any_hours.wait(hours=5)

        any_hours.does("storefront", "shipment", method="drop_off")
        assert told(any_hours, "shipment.created") == until(any_hours)

        any_hours.does("carrier", "pickup-failure", reason="not_ready")
        assert told(any_hours, "pickup.failed") == until(any_hours)

        any_hours.does("carrier", "scans", scan="picked_up")
        assert told(any_hours, "shipment.scanned") == until(any_hours)

    def test_an_inspection_runs_from_the_carriers_word(self, any_hours: House) -> None:
        any_hours.begin()
        any_hours.does("carrier", "scans", scan="delivered")
        due = until(any_hours)
        assert told(any_hours, "shipment.scanned") == due
        any_hours.wait(hours=3)

        any_hours.arrive()

        assert told(any_hours, "return.received") == until(any_hours) == due

    def test_a_parcel_without_a_word_is_inspected_from_its_arrival(self, any_hours: House) -> None:
        any_hours.begin().wait(hours=3)

        any_hours.arrive()

        assert told(any_hours, "return.received") == until(any_hours)

    def test_a_review_goes_on_with_the_time_that_was_left(self, any_hours: House) -> None:
        any_hours.begin_late()
        opened = told(any_hours, "review.opened")
        any_hours.wait(hours=2)
        any_hours.does("reviewer", "question", question="Which part broke?")
        any_hours.wait(hours=80)

        any_hours.does("storefront", "answer", answer="The handle.")

        due = told(any_hours, "evidence.received")
        (desk,) = any_hours.call("reviewer", "GET", "/v1/reviews").json()
        assert due == until(any_hours) == desk["due_at"]
        assert due > opened

    def test_an_answer_that_did_not_come_ends_the_pause_too(self, any_hours: House) -> None:
        any_hours.begin_late()
        any_hours.does("reviewer", "question", question="Which part broke?")
        asked = until(any_hours)
        assert told(any_hours, "evidence.requested") == asked

        while any_hours.state == "info_requested":
            any_hours.wait(hours=24)

        assert told(any_hours, "evidence.lapsed") == until(any_hours) > asked

    def test_a_clock_that_ran_out_says_when_the_next_does(self, any_hours: House) -> None:
        any_hours.begin()
        any_hours.arrive()
        while any_hours.state == "received":
            any_hours.wait(hours=12)

        assert told(any_hours, "clock.breached", "next_due_at_us") == until(any_hours)
        assert told(any_hours, "clock.breached") < until(any_hours)

    def test_a_withdrawal_says_until_when_to_send(self, any_hours: House) -> None:
        any_hours.begin_withdrawal()

        assert told(any_hours, "return.withdrawn") == until(any_hours)


class TestSeveralLines:
    def test_an_event_that_moves_them_tells_of_the_one_that_is_due_first(
        self, house: House
    ) -> None:
        assert house.put_order(country="US").is_success
        both = [{"line_no": 1, "quantity": 3}, {"line_no": 2, "quantity": 1}]
        assert house.put_parcel(lines=both).is_success
        lines = [{"line_no": each, "quantity": 1, "reason": "defect"} for each in (1, 2)]
        house.rma = house.apply(lines=lines).json()["rma"]
        house.does("carrier", "scans", scan="delivered", lines=[2])
        first = told(house, "shipment.scanned")
        house.wait(hours=5)
        house.does("carrier", "scans", scan="delivered", lines=[1])
        assert told(house, "shipment.scanned") > first

        house.arrive()

        assert told(house, "return.received") == until(house) == first


class TestToldLate:
    """A carrier's message or a dock's list may come days later: the promise counts from what happened."""

    def moments(self, house: House) -> tuple[datetime, str]:
        """An hour from now, after which a day passes until it is told; and when an inspection is due that counts from it."""
        happened = house.clock.now() + timedelta(hours=1)
        house.clock.move_to(happened + timedelta(hours=20))
        return happened, f"{happened + timedelta(hours=24):%Y-%m-%dT%H:%M:%SZ}"

    def test_an_inspection_is_due_from_the_delivery(self, house: House) -> None:
        house.begin(1)
        house.tries("carrier", "scans", scan="picked_up")
        delivered, due = self.moments(house)

        house.tries("carrier", "scans", scan="delivered", scanned_at=delivered.isoformat())

        assert until(house) == due

    def test_or_from_the_receipt(self, house: House) -> None:
        house.begin(1)
        received, due = self.moments(house)

        parcel = {"rma": house.rma, "received_at": received.isoformat()}
        house.call("inspector", "POST", "/v1/parcels", json=parcel)

        assert until(house) == due

    def test_but_not_from_before_anybody_applied(self, house: House) -> None:
        """A carrier's clock that is years wrong must not make everything overdue at once."""
        applied = house.clock.now()
        house.begin(1)

        house.tries("carrier", "scans", scan="delivered", scanned_at="2020-01-01T00:00:00Z")

        assert until(house) >= f"{applied + timedelta(hours=24):%Y-%m-%dT%H:%M:%SZ}"


class TestToldToBeBeforeTheApplication:
    """A scanner whose clock is years wrong, or goods that came before anybody applied: the fact counts, the time does not."""

    LONG_AGO = "1995-01-01T00:00:00Z"

    def begun(self, house: House) -> datetime:
        """A return of a country where the money counts from the receipt; when it was applied for."""
        applied = house.clock.now()
        house.begin(1, country="CN")
        house.wait(days=2)
        return applied

    def times(self, house: House, *types: str) -> set[datetime]:
        return {
            from_us(each.time_us) for each in house.retour.read_log(0, 10_000) if each.type in types
        }

    def test_it_was_at_the_application(self, house: House) -> None:
        applied = self.begun(house)

        house.tries("carrier", "scans", scan="picked_up", scanned_at=self.LONG_AGO)
        parcel = {"rma": house.rma, "received_at": self.LONG_AGO}
        house.call("inspector", "POST", "/v1/parcels", json=parcel)

        told_of = ("shipment.scanned", "parcel.received", "return.received")
        assert self.times(house, *told_of) == {applied}

    def test_so_it_was_where_the_parcel_found_its_return_later(self, house: House) -> None:
        parcel = {"received_at": self.LONG_AGO}
        came = house.call("inspector", "POST", "/v1/parcels", json=parcel).json()["parcel_id"]
        applied = self.begun(house)

        house.call("inspector", "POST", f"/v1/parcels/{came}/match", json={"rma": house.rma})

        assert self.times(house, "return.received") == {applied}

    @pytest.mark.parametrize(("days", "due_after_days"), [(2, 7), (60, None)])
    def test_money_is_not_due_before_it_is_ordered(
        self, house: House, days: int, due_after_days: int | None
    ) -> None:
        applied = self.begun(house)
        house.tries("carrier", "scans", scan="picked_up")
        house.wait(days=days - 2)
        parcel = {"rma": house.rma, "received_at": self.LONG_AGO}
        house.call("inspector", "POST", "/v1/parcels", json=parcel)
        house.find("passed", grade="A")

        (due,) = (from_us(each["due_at_us"]) for each in house.told("refund.requested"))

        if due_after_days:
            assert due == applied + timedelta(days=due_after_days)
        assert due > house.clock.now()
