"""Returns played through the service in a shop of Berlin: their lives, clocks and work are told as they happened."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clocks_by_hand import clocks, forecast_scores, overdue_now, sla_daily, sla_forecast
from dock_stories import Stories, found
from house import House
from lives_by_hand import return_lifecycle
from process_by_hand import (
    policy_rules_weekly,
    process_edges,
    reviewer_weekly,
    stage_daily,
)
from same_rows import assert_same_rows
from service_shop import ORDER
from work_by_hand import waits_now, work_now

from pipelines.process import design
from retour.settings import Settings
from service.domain.events import RecordedEvent
from service.platform.clock import to_us

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Told(Stories):
    """Stories of some mugs each, told by those who have to do with them."""

    def asked(
        self, story: str, quantity: int = 1, *, is_of_two_lines: bool = False, **order: Any
    ) -> House:
        """An application within policy; of an order in francs, which no policy of the shop knows, a human decides."""
        house, order_id = self.house, f"{story}-order"
        assert house.put_order(
            order_id, **{**ORDER, "customer": story, "country": "US", **order}
        ).is_success
        self._delivered(order_id)
        both = [{"line_no": no, "quantity": quantity, "reason": "defect"} for no in (1, 2)]
        lines = {"lines": both} if is_of_two_lines else {}
        answer = house.apply(quantity, order_id=order_id, customer=story, **lines)
        assert answer.status_code == 201, answer.text
        return self._of(story, answer.json()["rma"])

    def _delivered(self, order_id: str) -> None:
        yesterday = (self.house.clock.now() - DAY).isoformat()
        lines = [{"line_no": 1, "quantity": 3}, {"line_no": 2, "quantity": 1}]
        assert self.house.put_parcel(order_id, delivered_at=yesterday, lines=lines).is_success

    def doubted(self, story: str, *, is_of_two_lines: bool = False) -> House:
        return self.asked(story, currency="CHF", is_of_two_lines=is_of_two_lines)

    def declared(self, story: str) -> House:
        """A withdrawal by law of an order that was delivered the day before."""
        house, order_id = self.house, f"{story}-order"
        assert house.put_order(order_id, customer=story).is_success
        self._delivered(order_id)
        return self.withdrawn_from(story, story, 1)

    def withdrawn_from(self, story: str, of_story: str, quantity: int) -> House:
        """A withdrawal by law, a story of its own, from the order of another."""
        house, order_id = self.house, f"{of_story}-order"
        lines = [{"line_no": 1, "quantity": quantity}]
        body = {"order_id": order_id, "customer": of_story, "lines": lines}
        first = house.call("storefront", "POST", "/v1/withdrawals", json=body).json()
        said = {"confirmation": first["confirmation"]}
        answer = house.call("storefront", "POST", "/v1/withdrawals/confirmations", json=said)
        assert answer.status_code == 201, answer.text
        return self._of(story, answer.json()["rma"])

    def again(self, story: str) -> House:
        """Go on with an earlier story."""
        self.house.rma = self.rmas[story]
        return self.house

    def complains(self, story: str) -> str:
        house = self.again(story)
        body = {"kind": "complaint", "rma": house.rma, "text": "The mug was fine."}
        token = {"Retour-Customer": house.token}
        answer = house.call("storefront", "POST", "/v1/cases", json=body, headers=token)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["case_id"])

    def closes(self, case_id: str) -> None:
        path = f"/v1/cases/{case_id}/closure"
        answer = self.house.call("after_sales", "POST", path, json={"outcome": "answered"})
        assert answer.is_success, answer.text

    def decides(self, decision: str, reason_code: str = "goodwill") -> None:
        self.house.does("reviewer", "decision", decision=decision, reason_code=reason_code)

    def passes(self) -> None:
        self.house.arrive().find("passed", grade="A")
        self.house.pays()

    def goes_on_at(self, moment: datetime) -> None:
        self.house.wait(seconds=(moment - self.house.clock.now()).total_seconds())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path: Path = tmp_path_factory.mktemp("shop")
    return Settings(
        var_dir=path / "var", warehouse=path / "warehouse.duckdb", timezone="Europe/Berlin"
    )


def utc(month: int, day: int, hour: int, minute: int = 30) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture(scope="module")
def stories(house: House) -> Told:
    stories = Told(house)

    stories.asked("refused").arrive().find("passed", grade="A")
    house.wait(hours=2).pays("failure", reason="account_closed")
    house.pays("other-means", means="bank_transfer")
    house.wait(hours=3).pays()

    for story in ("reopened", "comforted"):
        stories.asked(story)
        stories.passes()
    house.wait(hours=1)
    stories.complains("reopened")
    complaint = stories.complains("comforted")
    house.wait(hours=5)
    stories.closes(complaint)

    stories.doubted("cancelled").wait(hours=1).does("storefront", "cancellation")
    stories.doubted("refused by a human").wait(hours=2)
    stories.decides("decline", "not_eligible")

    for story, quantity in (("taken over", 3), ("taken over in part", 2)):
        stories.asked(story, 3, currency="CHF", country="DE").wait(hours=1)
        stories.withdrawn_from(f"by law, {story}", story, quantity)

    stories.doubted("looked at anew").wait(hours=2)
    stories.decides("decline", "not_eligible")
    house.wait(hours=3).does("storefront", "human-review")
    house.wait(hours=4).does("admin", "decision", decision="authorize", reason_code="goodwill")

    stories.goes_on_at(utc(3, 3, 20))
    stories.doubted("midnight").wait(hours=1).does("reviewer", "question", question="Why?")
    house.wait(hours=3).does("storefront", "answer", answer="It leaks.")
    house.wait(hours=1)
    stories.decides("authorize")

    stories.doubted("late").wait(hours=1).does("reviewer", "question", question="Why?")
    stories.doubted("escalated and asked").wait(hours=25)
    house.does("reviewer", "question", question="Why?")
    house.wait(hours=30).does("storefront", "answer", answer="So.")
    stories.doubted("asked and cancelled").wait(hours=2)
    house.does("reviewer", "question", question="Why?")
    house.wait(hours=2).does("storefront", "cancellation")
    stories.doubted("asked of both lines", is_of_two_lines=True)
    house.does("storefront", "cancellation", lines=[1])
    house.wait(hours=1).does("reviewer", "question", question="Why?")
    house.wait(hours=1).arrive(1)
    house.wait(hours=1).does("reviewer", "question", question="And why this one?")
    house.wait(hours=2).does("storefront", "answer", answer="It leaks.")
    house.wait(hours=1)
    stories.decides("authorize")
    stories.doubted("decided before the answer").wait(hours=1)
    house.does("reviewer", "question", question="Why?")
    house.wait(hours=2)
    stories.decides("authorize")
    house.wait(days=8)  # of the late one neither customer nor reviewers are heard again
    stories.again("asked and cancelled").arrive()
    house.wait(hours=3).does("reviewer", "question", question="Why did you send it?")

    stories.asked("told late").does("carrier", "scans", scan="in_transit")
    delivered = house.clock.now() + HOUR
    house.wait(hours=3).arrive()
    house.wait(hours=1).does("carrier", "scans", scan="delivered", scanned_at=delivered.isoformat())
    house.wait(hours=2).find("passed", grade="A")

    stories.asked("lost").does("storefront", "shipment", method="drop_off")
    house.does("carrier", "scans", scan="picked_up")
    stories.asked("lost and found").does("storefront", "shipment", method="drop_off")
    house.does("carrier", "scans", scan="picked_up")
    house.does("carrier", "scans", scan="delivered")
    stories.asked("never sent")
    stories.asked("sent after all", 2)
    house.wait(days=3)
    stories.again("lost and found").arrive().find("passed", grade="B")

    stories.asked("in parts", 3).arrive(2)
    house.wait(hours=1).does(
        "inspector", "inspections", **found(2, ("passed", 1, "A"), ("failed", 1, "C"))
    )
    house.wait(hours=30).arrive(1)
    house.wait(hours=2).find("passed", grade="A")
    stories.asked("waived").arrive()
    stories.asked("looked at after all").arrive()
    stories.asked("kept").does("reviewer", "keep")
    house.pays()

    stories.goes_on_at(utc(3, 28, 22))
    stories.doubted("before the short day")
    house.wait(hours=6)
    stories.decides("authorize")
    stories.goes_on_at(utc(3, 29, 21))
    stories.asked("end of the short day")
    stories.goes_on_at(utc(3, 29, 22))
    stories.asked("after the short day")

    stories.asked("handed over after all")
    stories.declared("declared and handed over late")
    stories.declared("declared and on its way late")
    stories.goes_on_at(utc(4, 20, 9))
    stories.again("sent after all").arrive()
    stories.again("looked at after all").find("failed", grade="D")
    stories.again("declared and handed over late").does("carrier", "scans", scan="picked_up")
    house.pays()
    house.arrive().find("passed", grade="A")
    stories.asked("not sent back").arrive().find("failed", grade="D")
    house.does("storefront", "lines/1/choice", choice="send_back")
    stories.asked("objected to the finding").arrive().find("failed", grade="C")
    stories.complains("objected to the finding")
    stories.doubted("objected to the refusal").wait(hours=2)
    stories.decides("decline", "not_eligible")
    stories.complains("objected to the refusal")

    stories.goes_on_at(utc(10, 8, 9))
    stories.doubted("declined at two times", is_of_two_lines=True)
    house.does("storefront", "cancellation", lines=[2])
    stories.decides("decline", "misuse")
    house.wait(hours=200).does("carrier", "scans", scan="picked_up", lines=[2])
    stories.decides("decline", "misuse")

    stories.goes_on_at(utc(10, 24, 22))
    stories.doubted("long day")
    stories.goes_on_at(utc(10, 25, 22))
    stories.doubted("end of the long day")
    for story in ("handed over after all", "declared and on its way late"):
        stories.again(story).does("carrier", "scans", scan="picked_up")
    stories.goes_on_at(utc(10, 25, 23))
    stories.doubted("after the long day")

    stories.doubted("wants a person").wait(hours=2)
    stories.decides("decline", "not_eligible")
    house.wait(hours=1).does("storefront", "human-review")
    stories.doubted("wants a person though all is here")
    stories.decides("decline", "not_eligible")
    house.arrive().find("passed", grade="A")
    house.does("storefront", "human-review")
    stories.doubted("asked").wait(hours=2).does("reviewer", "question", question="Why?")
    stories.asked("three of four", 3).arrive(2)
    stories.again("after the long day").wait(minutes=10)
    return stories


@pytest.fixture(scope="module")
def ask(stories: Told, refreshed: Callable[[], Ask]) -> Ask:
    return refreshed()


@pytest.fixture(scope="module")
def log(stories: Told) -> list[RecordedEvent]:
    return list(stories.house.retour.read_log(0, 10_000))


@pytest.fixture
def life(ask: Ask, stories: Told) -> Callable[[str], dict[str, Any]]:
    def of(story: str) -> dict[str, Any]:
        (row,) = ask(f"select * from marts.return_lifecycle where rma = '{stories.rmas[story]}'")
        return row

    return of


Life = Callable[[str], dict[str, Any]]


@pytest.fixture
def clock(ask: Ask, stories: Told) -> Callable[..., dict[str, Any]]:
    def of(story: str, name: str, **like: Any) -> dict[str, Any]:
        rows = ask(
            f"""select * from intermediate.clocks
                where subject = '{stories.rmas[story]}' and clock = '{name}'"""
        )
        (row,) = (each for each in rows if like.items() <= each.items())
        return row

    return of


Clock = Callable[..., dict[str, Any]]


def values(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


OVERDUE = """
    select subject, kind, max(hours_over) as hours_over from marts.work_now
    where kind in ('review', 'inspection', 'refund', 'case', 'first_answer') and is_overdue
    group by all
"""


class TestByHand:
    """What a quarter of a practice shop does not bring about is told by these stories."""

    def test_lives(self, ask: Ask, log: Sequence[RecordedEvent]) -> None:
        rows = ask("select * from marts.return_lifecycle")

        assert_same_rows(rows, return_lifecycle(log, BERLIN), ("rma",))

    def test_clocks(self, ask: Ask, log: Sequence[RecordedEvent]) -> None:
        rows = ask("select * from intermediate.clocks")

        expected = [each.row(BERLIN) for each in clocks(log)]
        assert_same_rows(rows, expected, ("subject", "clock", "instance"))

    def test_how_they_were_kept(self, ask: Ask, log: Sequence[RecordedEvent]) -> None:
        as_of_us = to_us(_as_of(ask))

        daily = ask("select * from marts.sla_daily")
        forecast = ask("select * from marts.sla_forecast")
        scores = ask("select * from marts.forecast_scores")

        assert_same_rows(daily, list(sla_daily(clocks(log), BERLIN, as_of_us)), ("day", "clock"))
        assert_same_rows(forecast, list(sla_forecast(clocks(log), as_of_us)), ("clock",))
        expected = list(forecast_scores(clocks(log), as_of_us))
        assert_same_rows(scores, expected, ("clock", "looked_at"))

    def test_process(self, ask: Ask, log: Sequence[RecordedEvent]) -> None:
        edges = ask("select * from marts.process_edges")
        stages = ask("select * from marts.stage_daily")

        assert_same_rows(edges, process_edges(log, design()), ("from_step", "to_step"))
        expected = list(stage_daily(log, clocks(log), BERLIN))
        assert_same_rows(stages, expected, ("day", "stage", "owner_role"))
        assert sum(row["strays"] for row in edges) == 0

    def test_reviewers_and_rules(self, ask: Ask, log: Sequence[RecordedEvent]) -> None:
        reviewers = ask("select * from marts.reviewer_weekly")
        rules = ask("select * from marts.policy_rules_weekly")

        expected = list(reviewer_weekly(log, clocks(log), BERLIN))
        assert_same_rows(reviewers, expected, ("week_start", "reviewer_key"))
        expected = list(policy_rules_weekly(log, BERLIN))
        assert_same_rows(rules, expected, ("week_start", "policy_version", "rule"))

    def test_work(self, ask: Ask, log: Sequence[RecordedEvent]) -> None:
        rows = ask("select * from marts.work_now")

        expected = work_now(log, to_us(_as_of(ask)), BERLIN)
        assert_same_rows(rows, expected, ("subject", "kind", "instance"))
        told = {values(row, "kind", "is_overdue") for row in rows}
        assert {("refund", True), ("send_back", True), ("first_answer", True)} <= told

    def test_every_line_waits_as_the_services_own_table_says(
        self, ask: Ask, log: Sequence[RecordedEvent]
    ) -> None:
        rows = ask("select * from marts.work_now where not paused and subject = rma")

        found = {values(row, "rma", "kind", "owner_role", "due_at") for row in rows}
        assert found == waits_now(log)

    def test_the_time_to_appeal_is_over_for_what_was_declined_so_long_ago_alone(
        self, ask: Ask, stories: Told
    ) -> None:
        rma = stories.rmas["declined at two times"]
        rows = ask(
            f"select line_no, permission from intermediate.line_states where rma = '{rma}' order by line_no"
        )

        assert [values(row, "line_no", "permission") for row in rows] == [
            (1, "declined_finally"),
            (2, "declined"),
        ]

    def test_what_is_looked_at_anew_waits_for_no_choice(self, ask: Ask, stories: Told) -> None:
        rma = stories.rmas["wants a person though all is here"]
        (row,) = ask(f"select kind, owner_role from marts.work_now where rma = '{rma}'")

        assert values(row, "kind", "owner_role") == ("review", "reviewer")

    def test_how_long_it_is_overdue(self, ask: Ask, log: Sequence[RecordedEvent]) -> None:
        rows = ask(OVERDUE)

        found = {values(row, "subject", "kind"): row["hours_over"] for row in rows}
        expected = overdue_now(clocks(log), to_us(_as_of(ask)))
        assert found == pytest.approx(expected)
        assert len({kind for _, kind in found}) > 1


def _as_of(ask: Ask) -> datetime:
    (row,) = ask("select as_of from meta.run")
    moment: datetime = row["as_of"]
    return moment.replace(tzinfo=UTC)


class TestDaysOfTheShop:
    def test_applications_around_the_short_day_are_of_the_shops_own_day(self, life: Life) -> None:
        days = [
            life(story)["day"]
            for story in ("before the short day", "end of the short day", "after the short day")
        ]

        assert days == [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)]

    def test_applications_around_the_long_day_are_of_the_shops_own_day(self, life: Life) -> None:
        days = [
            life(story)["day"]
            for story in ("long day", "end of the long day", "after the long day")
        ]

        assert days == [date(2026, 10, 25), date(2026, 10, 25), date(2026, 10, 26)]

    def test_a_review_over_the_short_night_took_real_hours(self, clock: Clock) -> None:
        assert clock("before the short day", "review")["hours"] == 6


class TestPauses:
    def test_a_question_over_midnight_stops_the_review_and_moves_its_due_moment(
        self, clock: Clock
    ) -> None:
        told = clock("midnight", "review")

        assert values(told, "hours", "paused_us") == (2, 3 * HOUR // timedelta(microseconds=1))
        assert told["due_at"] - told["opened_at"] == 27 * HOUR
        assert told["day"] == date(2026, 3, 3)

    def test_the_decision_waits_as_long_as_its_review(self, clock: Clock) -> None:
        assert clock("midnight", "decision")["hours"] == 2

    def test_a_decision_before_the_answer_leaves_the_question_out(self, clock: Clock) -> None:
        told = clock("decided before the answer", "review")

        paused_us = 2 * HOUR // timedelta(microseconds=1)
        assert values(told, "ended_by", "hours", "paused_us") == ("done", 1, paused_us)

    def test_the_customers_own_waiting_is_not_stopped(self, life: Life) -> None:
        told = life("midnight")

        assert told["decided_at"] - told["requested_at"] == 5 * HOUR

    @pytest.mark.parametrize("name", ["decision", "review"])
    def test_a_question_that_was_open_when_all_was_cancelled_stopped_the_clock_no_longer(
        self, clock: Clock, log: Sequence[RecordedEvent], stories: Told, name: str
    ) -> None:
        """Though the goods came after all, and the reviewer asked again."""
        asked = [
            event.type for event in log if event.subject == stories.rmas["asked and cancelled"]
        ]
        assert asked.count("review.opened") == asked.count("evidence.requested") == 2

        told = clock("asked and cancelled", name, ended_by="dropped")

        assert values(told, "hours", "paused_us") == (2, 2 * HOUR // timedelta(microseconds=1))
        assert told["due_at"] - told["opened_at"] == DAY + 2 * HOUR

    def test_a_second_question_before_the_answer_to_the_first_stops_nothing_anew(
        self, clock: Clock
    ) -> None:
        assert values(clock("asked of both lines", "decision"), "hours", "paused_us") == (
            2,
            4 * HOUR // timedelta(microseconds=1),
        )

    def test_no_clock_runs_backwards(self, ask: Ask) -> None:
        assert ask("select * from intermediate.clocks where hours < 0 or paused_us < 0") == []

    def test_what_was_late_before_the_question_stays_late(self, clock: Clock) -> None:
        told = clock("escalated and asked", "review")

        assert told["due_at"] - told["opened_at"] == DAY
        assert told["owner_role"] == "admin"

    def test_a_clock_that_stands_still_is_neither_late_nor_hurried(
        self, ask: Ask, stories: Told
    ) -> None:
        rma = stories.rmas["asked"]
        (told,) = ask(f"select * from marts.work_now where rma = '{rma}' and kind = 'review'")

        assert values(told, "paused", "is_overdue", "hours_left") == (True, False, None)


class TestEscalations:
    def test_what_escalated_is_overdue_by_the_promise_that_was_missed(
        self, ask: Ask, stories: Told, clock: Clock
    ) -> None:
        rma = stories.rmas["long day"]
        (told,) = ask(f"select * from marts.work_now where rma = '{rma}' and kind = 'review'")

        promised = clock("long day", "review")["due_at"]
        over = _as_of(ask).replace(tzinfo=None) - promised
        assert over > 5 * HOUR
        assert values(told, "owner_role", "is_overdue") == ("admin", True)
        assert told["hours_over"] == pytest.approx(over / HOUR)
        assert told["hours_left"] > 0


class TestEndings:
    def test_a_complaint_after_the_closing_opens_the_return_again(self, life: Life) -> None:
        told = life("reopened")

        assert values(told, "status", "closed_at", "outcome") == ("reopened", None, "refunded")
        assert told["reopened_at"] - told["settled_at"] == HOUR

    def test_it_is_closed_with_the_complaint(self, life: Life) -> None:
        told = life("comforted")

        assert told["status"] == "closed"
        assert told["closed_at"] - told["reopened_at"] == 5 * HOUR
        assert told["waited_hours"] == 0

    def test_what_was_cancelled_under_review_needs_no_decision(
        self, life: Life, clock: Clock
    ) -> None:
        assert values(life("cancelled"), "status", "outcome", "decision") == (
            "closed",
            "cancelled",
            None,
        )
        assert values(clock("cancelled", "review"), "ended_by", "hours") == ("dropped", 1)
        assert values(clock("cancelled", "decision"), "ended_by", "hours") == ("dropped", 1)

    def test_what_a_withdrawal_took_over_whole_needs_no_decision(
        self, life: Life, clock: Clock
    ) -> None:
        assert values(clock("taken over", "review"), "ended_by", "hours") == ("dropped", 1)
        assert values(life("by law, taken over"), "status", "decision") == ("closed", None)
        assert clock("taken over in part", "review")["ended_by"] == "done"

    @pytest.mark.parametrize(
        ("story", "outcome"),
        [
            ("taken over", "cancelled"),
            ("refused by a human", "declined"),
            ("never sent", "expired"),
            ("kept", "kept"),
            ("refused", "refunded"),
        ],
    )
    def test_every_end_has_its_word(self, life: Life, story: str, outcome: str) -> None:
        assert values(life(story), "status", "outcome") == ("closed", outcome)

    def test_what_was_declined_is_decided_anew_by_the_person_who_was_asked_for(
        self, life: Life, ask: Ask, stories: Told
    ) -> None:
        told = life("looked at anew")
        assert values(told, "decision", "last_decision") == ("declined", "authorized")

        rma = stories.rmas["wants a person"]
        waits = ask(f"select kind, owner_role from marts.work_now where rma = '{rma}'")
        assert [values(row, "kind", "owner_role") for row in waits] == [("review", "reviewer")]

    def test_nobody_decided_in_time(self, life: Life) -> None:
        assert values(life("late"), "decision_mode", "decision") == ("deadline", "authorized")


class TestGoods:
    def test_units_that_came_together_are_one_clock_until_all_are_inspected(
        self, clock: Clock
    ) -> None:
        assert clock("in parts", "inspection", instance="2")["hours"] == 1
        assert clock("in parts", "inspection", instance="1")["hours"] == 2

    def test_units_that_did_not_come_yet_are_waited_for_beside_those_that_lie_there(
        self, ask: Ask, stories: Told
    ) -> None:
        rma = stories.rmas["three of four"]
        rows = ask(f"select kind, items from marts.work_now where rma = '{rma}' order by kind")

        assert [values(row, "kind", "items") for row in rows] == [("inspection", 1), ("ship_by", 1)]

    def test_goods_that_nobody_found_stop_the_clock_and_start_it_anew_when_they_turn_up(
        self, clock: Clock
    ) -> None:
        assert values(clock("lost and found", "inspection"), "ended_by", "hours") == ("done", 0)

    def test_goods_that_come_after_all_are_reviewed_anew(self, life: Life, clock: Clock) -> None:
        assert (
            clock("sent after all", "review")["opened_at"] == life("sent after all")["received_at"]
        )
        assert clock("sent after all", "decision")["owner_role"] == "system"

    def test_what_was_declared_by_law_is_never_reviewed_however_late_it_is_sent(
        self, life: Life, ask: Ask, stories: Told
    ) -> None:
        sent = life("declared and handed over late")
        assert values(sent, "status", "outcome", "decided_at") == ("closed", "refunded", None)

        waits = {
            story: {
                row["kind"]
                for row in ask(
                    f"select kind from marts.work_now where rma = '{stories.rmas[story]}'"
                )
            }
            for story in ("handed over after all", "declared and on its way late")
        }
        assert waits == {
            "handed over after all": {"review", "transit"},
            "declared and on its way late": {"refund", "transit"},
        }


class TestObjections:
    @pytest.mark.parametrize(
        ("story", "kind"),
        [("objected to the finding", "choice"), ("objected to the refusal", "appeal")],
    )
    def test_what_an_open_complaint_puts_off_waits_for_its_customer_and_is_not_overdue(
        self, ask: Ask, stories: Told, story: str, kind: str
    ) -> None:
        rows = ask(
            f"""select kind, owner_role, due_at, is_overdue from marts.work_now
                where subject = '{stories.rmas[story]}'"""
        )

        due_at = datetime(2026, 10, 26, 22, 30)  # noqa: DTZ001  # the warehouse's moments are naive UTC
        assert [values(row, "kind", "owner_role", "due_at", "is_overdue") for row in rows] == [
            (kind, "customer", due_at, False)
        ]


class TestMoney:
    def test_another_attempt_to_pay_does_not_move_what_was_promised(self, clock: Clock) -> None:
        told = clock("refused", "refund")

        assert told["hours"] == 5
        assert told["next_due_at"] - told["due_at"] == 2 * HOUR
