"""Returns, cases and surveys played through the service: money, costs, satisfaction and ills are told as they happened."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dock_stories import Stories
from follow_up_by_hand import case_ends, cases_daily, satisfaction_daily
from house import House
from money_by_hand import cost_monthly, refunds_daily
from same_rows import assert_same_rows
from service_shop import ORDER
from small_shop import append

from pipelines.costs import default_costs, default_text
from pipelines.steps import SQL_DIR, build, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.domain.events import (
    Actor,
    CaseClosed,
    CaseOpened,
    Event,
    MessageSent,
    Payload,
    RecordedEvent,
    RefundSettled,
)
from service.domain.events.base import Role
from service.domain.events.cases import CaseKind
from service.platform.clock import to_us
from service.platform.ids import derived_event_id
from service.returns.schemas import CancelBody
from service.surveys.commands import AnsweredAlready
from service.surveys.schemas import TAGS, AnswerBody

Rows = list[dict[str, Any]]
Ask = Callable[[str], Rows]
UTC_ZONE = ZoneInfo("UTC")
HOUR = timedelta(hours=1)


class Told(Stories):
    """Stories of one mug each, in any currency, told by those who have to do with them."""

    def ordered(self, story: str, currency: str = "EUR", **body: Any) -> House:
        """An order of another currency than the usual one, and an application for one mug of it."""
        house, order_id = self.house, f"{story}-order"
        order = {**ORDER, "customer": story, "currency": currency, "country": "US"}
        assert house.put_order(order_id, **order).status_code == 201
        self._delivered(order_id)
        answer = house.apply(order_id=order_id, customer=story, **body)
        assert answer.status_code == 201, answer.text
        return self._of(story, answer.json()["rma"])

    def passed(self, story: str, currency: str = "EUR", grade: str = "A") -> House:
        """One mug that came without a carrier's word, and passed."""
        house = self.ordered(story, currency).arrive()
        house.find("passed", grade=grade)
        return house

    def complains(self, story: str, kind: str = "complaint") -> str:
        """What a customer brings up about the order of a story; the case."""
        body = {"kind": kind, "order_id": f"{story}-order", "customer": story, "text": "?"}
        answer = self.house.call("storefront", "POST", "/v1/cases", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["case_id"])

    def writes(self, case_id: str, story: str = "") -> None:
        """One of the staff writes on a case, or the customer of a story."""
        role, headers = "after_sales", {}
        if story:
            proof = self.house.retour.customers.order_token(f"{story}-order")
            role, headers = "storefront", {"Retour-Customer": proof.token}
        path, body = f"/v1/cases/{case_id}/messages", {"text": "?"}
        answer = self.house.call(role, "POST", path, json=body, headers=headers)
        assert answer.is_success, answer.text

    def closes(self, case_id: str, outcome: str) -> None:
        path = f"/v1/cases/{case_id}/closure"
        answer = self.house.call("after_sales", "POST", path, json={"outcome": outcome})
        assert answer.is_success, answer.text

    def happens(
        self,
        subject: str,
        payload: Payload,
        ago: timedelta = timedelta(),
        by: Role = "importer",
    ) -> None:
        """Something gets into the log beside the service, such as from a shop's past."""
        at = self.house.clock.now() - ago
        event_id = derived_event_id(to_us(at), "test", subject, payload.type)
        append(self.house.retour, [Event(event_id, "test", subject, at, payload, Actor(by))])

    def ended_today(self, kind: CaseKind, opened_ago: timedelta, by: Role) -> None:
        """A case of another week that ended today without a word."""
        case_id, now = f"long-{kind}", self.house.clock.now()
        opened = CaseOpened(
            case_id=case_id,
            kind=kind,
            rma=None,
            order_id=None,
            owner_role="after_sales",
            owner_key=None,
            due_at_us=to_us(now),
            text_ref=None,
        )
        self.happens(case_id, opened, opened_ago, by)
        closed = CaseClosed(
            case_id=case_id,
            outcome="answered",
            opened_at_us=to_us(now - opened_ago),
            text_ref=None,
        )
        self.happens(case_id, closed)


@pytest.fixture(scope="module")
def stories(house: House) -> Told:
    stories = Told(house)

    stories.passed("plain", grade="B")
    house.pays()

    stories.passed("refused").wait(hours=2)
    house.pays("failure", reason="account_closed")
    house.pays("other-means", means="bank_transfer")
    house.pays("failure", reason="refused")
    house.pays("other-means", means="store_credit")
    house.wait(hours=3).pays()

    stories.passed("generous")
    house.pays()
    house.does("finance", "goodwill", amount_minor=500)
    house.pays()

    stories.passed("yen", "JPY")
    house.pays()

    words = {"decision": "authorize", "reason_code": "goodwill"}
    stories.ordered("francs", "CHF").does("reviewer", "decision", **words)
    house.arrive().find("passed", grade="C")
    house.pays()

    stories.ordered("picked").does("storefront", "shipment", method="drop_off")
    house.does("storefront", "shipment", method="pickup", pickup_day="2026-03-04")
    house.does("carrier", "scans", scan="picked_up")
    house.does("carrier", "scans", scan="delivered")
    house.arrive()
    house.find("wrong_item", depth="full")
    house.does("storefront", "lines/1/choice", choice="send_back")
    house.does("inspector", "sent-back")

    stories.ordered("kept").does("reviewer", "keep")
    house.pays()

    stories.withdrawn("given up", 1)
    house.retour.returns.cancel(house.rma, CancelBody(), Actor("customer"))
    house.arrive().does("reviewer", "decision", **words)

    began = (house.clock.now() - 90 * timedelta(seconds=1)).isoformat()
    stories.ordered("counted", inputs=7, started_at=began)

    past = RefundSettled(
        rma=house.rma, means=None, currency="EUR", amount_minor=77, lines=[], refund_id=None
    )
    stories.happens(house.rma, past)

    late, early = (to_us(house.clock.now() + sign * HOUR) for sign in (-1, 1))
    for number, about_us in enumerate((late, early)):
        letter = MessageSent(
            message_id=f"letter-{number}", letter="approved", language="en", about_us=about_us
        )
        stories.happens(f"letter-{number}", letter)

    talk = stories.complains("kept", "suggestion")
    house.wait(hours=3)
    stories.writes(talk)
    house.wait(hours=2)
    stories.writes(talk, "kept")
    house.wait(hours=1)
    stories.writes(talk, "kept")
    house.wait(hours=4)
    stories.closes(talk, "answered")

    case_id = stories.complains("plain")
    house.wait(hours=49)
    stories.closes(case_id, "answered")
    stories.complains("yen")
    stories.ended_today("stalled", 100 * HOUR, "system")
    stories.ended_today("not_received", 90 * HOUR, "customer")

    rma = stories.rmas["plain"]
    answer = AnswerBody(csat=2, tags=["unfair", "easy", "slow"], comment="Never again.")
    house.retour.surveys.answer(rma, answer)
    return stories


@pytest.fixture(scope="module")
def ask(stories: Told, refreshed: Callable[[], Ask]) -> Ask:
    return refreshed()


@pytest.fixture(scope="module")
def log(stories: Told) -> list[RecordedEvent]:
    return list(stories.house.retour.read_log(0, 10_000))


class TestByHand:
    """What the quarter of a practice shop does not bring about is told by these stories."""

    def test_refunds_are_those_of_the_log(self, ask: Ask, log: list[RecordedEvent]) -> None:
        rows = ask("select * from marts.refunds_daily")

        assert_same_rows(rows, refunds_daily(log, UTC_ZONE), ("day", "means", "currency"))

    def test_costs_are_those_of_the_log(self, ask: Ask, log: list[RecordedEvent]) -> None:
        rows = ask("select * from marts.cost_monthly")

        expected = cost_monthly(log, UTC_ZONE, default_costs())
        assert_same_rows(rows, expected, ("month", "kind", "currency"))

    def test_surveys_and_cases_are_those_of_the_log(
        self, ask: Ask, log: list[RecordedEvent]
    ) -> None:
        surveys = ask("select * from marts.satisfaction_daily")
        cases = ask("select * from marts.cases_daily")
        ends = ask("select * from marts.case_ends")

        assert_same_rows(surveys, satisfaction_daily(log, UTC_ZONE), ("day",))
        assert_same_rows(cases, cases_daily(log, UTC_ZONE), ("day", "kind"))
        assert_same_rows(ends, case_ends(log, UTC_ZONE), ("case_id",))


def summed(ask: Ask, names: str, relation: str, where: str) -> tuple[Any, ...]:
    """Sums of columns over all days."""
    sums = ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in names.split())
    (row,) = ask(f"select {sums} from {relation} where {where}")
    return tuple(row.values())


class TestRefunds:
    def test_each_refused_payment_counts_for_the_means_that_were_tried(self, ask: Ask) -> None:
        tried = ask(
            """select means, cast(sum(failed) as bigint) as failed, cast(sum(refunds) as bigint) as paid
               from marts.refunds_daily where currency = 'EUR' group by means order by means"""
        )

        assert [tuple(row.values()) for row in tried] == [
            ("bank_transfer", 1, 0),
            ("original", 1, 4),
            ("store_credit", 0, 1),
            ("unknown", 0, 1),
        ]

    def test_a_refund_paid_by_other_means_took_as_long_as_since_its_first_order(
        self, ask: Ask
    ) -> None:
        (row,) = ask("select median_hours from marts.refunds_daily where means = 'store_credit'")

        assert row["median_hours"] == 5

    def test_goodwill_is_part_of_the_money_and_told_apart(self, ask: Ask) -> None:
        where = "means = 'original' and currency = 'EUR'"

        paid, goodwill = summed(ask, "refund_minor goodwill_minor", "marts.refunds_daily", where)

        assert (paid, goodwill) == (1290 + 1290 + 500 + 1290, 500)

    def test_a_past_refund_of_which_little_is_told_is_not_lost(self, ask: Ask) -> None:
        (row,) = ask("select * from marts.refunds_daily where means = 'unknown'")

        assert (row["refund_minor"], row["median_hours"]) == (77, None)

    def test_currencies_are_never_added_up(self, ask: Ask) -> None:
        rows = ask("select currency, refund_minor from marts.refunds_daily where currency <> 'EUR'")

        assert {row["currency"]: row["refund_minor"] for row in rows} == {"JPY": 1290, "CHF": 1290}


class TestCosts:
    def test_goodwill_is_a_cost_of_its_own(self, ask: Ask) -> None:
        rows = ask("select kind, amount_minor from marts.cost_monthly where currency = 'EUR'")

        found = {row["kind"]: row["amount_minor"] for row in rows}
        assert (found["goodwill"], found["refunds"]) == (500, 4 * 1290 + 1290 - 1290 + 77)

    def test_a_parcel_counts_once_however_often_it_is_scanned_and_goods_sent_back_count_too(
        self, ask: Ask, stories: Told
    ) -> None:
        rows = ask(
            f"""select amount_minor from intermediate.cost_items
                where rma = '{stories.rmas["picked"]}' and kind = 'freight' order by amount_minor"""
        )

        assert [row["amount_minor"] for row in rows] == [590, 690]

    def test_what_no_rate_is_named_for_is_counted_as_unpriced(self, ask: Ask) -> None:
        rows = ask("select * from marts.cost_monthly where currency = 'CHF' order by kind")

        assert [(row["kind"], row["amount_minor"], row["unpriced"]) for row in rows] == [
            ("freight", 0, 1),
            ("handling", 0, 1),
            ("refunds", 1290, 0),
            ("write_down", 903, 0),  # 70 % of what was paid, in any currency
        ]

    def test_what_the_customer_keeps_is_lost(self, ask: Ask, stories: Told) -> None:
        (row,) = ask(
            f"""select amount_minor from intermediate.cost_items
                where rma = '{stories.rmas["kept"]}' and kind = 'write_down'"""
        )

        assert row["amount_minor"] == 1290

    def test_half_a_cent_of_lost_value_counts_as_a_whole_one(self, ask: Ask, stories: Told) -> None:
        (row,) = ask(
            f"""select amount_minor from intermediate.cost_items
                where rma = '{stories.rmas["plain"]}' and kind = 'write_down'"""
        )

        assert row["amount_minor"] == 452  # 35 % of 1290 are 451.5

    def test_another_cost_file_is_applied_to_the_past_as_well(
        self, ask: Ask, stories: Told, folder: Settings
    ) -> None:
        handling = "select amount_minor from marts.cost_monthly where kind = 'handling' and currency = 'JPY'"
        before = ask(handling)
        path = folder.var_dir.parent / "costs.toml"
        path.write_text(default_text().replace("JPY = 600 }", "JPY = 777 }"))
        own = folder.model_copy(update={"costs": str(path)})

        with Warehouse.of(own) as warehouse:
            take_in(own, stories.house.retour, warehouse)
            build(warehouse, stories.house.retour, load_models(SQL_DIR))
            after = warehouse.query(handling).to_dicts()

        assert (before, after) == ([{"amount_minor": 600}], [{"amount_minor": 777}])


class TestCases:
    def test_a_case_whose_time_ran_out_counts_as_escalated_and_ended(self, ask: Ask) -> None:
        rows = ask("select * from marts.cases_daily where kind = 'complaint' order by day")

        told = [(row["opened"], row["closed"], row["escalated"], row["still_open"]) for row in rows]
        assert told == [(1, 1, 1, 0), (1, 0, 0, 1)]
        assert (rows[0]["median_hours"], rows[0]["p90_hours"]) == (49, 49)
        assert (rows[1]["median_hours"], rows[1]["first_answer_median_hours"]) == (None, None)

    def test_who_has_it_after_its_time_ran_out_is_not_who_had_it_before(self, ask: Ask) -> None:
        (row,) = ask(
            "select * from intermediate.case_lives where escalations = 2 and kind = 'complaint'"
        )

        assert (row["owner_role"], row["owner_key"]) == ("admin", "")
        assert row["due_at"] - row["first_due_at"] == timedelta(hours=49)  # found late by an hour

    def test_a_case_is_answered_by_the_first_words_of_a_person_and_not_by_its_end(
        self, ask: Ask
    ) -> None:
        (row,) = ask("select * from marts.cases_daily where kind = 'suggestion'")

        assert (row["first_answer_median_hours"], row["median_hours"]) == (3, 10)

    def test_whoever_writes_again_waits_again_from_their_first_words_on(self, ask: Ask) -> None:
        waits = ask(
            """select clocks.* from intermediate.clocks as clocks
               inner join intermediate.case_lives as cases on cases.case_id = clocks.subject
               where clocks.clock = 'first_answer' and cases.kind = 'suggestion' order by clocks.opened_at"""
        )

        assert [row["hours"] for row in waits] == [3, 5]
        assert waits[0]["instance"] == "first" != waits[1]["instance"]
        assert {row["due_at"] - row["opened_at"] for row in waits} == {timedelta(hours=24)}

    def test_whom_nobody_answered_waits_for_the_head_of_the_team(self, ask: Ask) -> None:
        rows = ask("select * from marts.work_now where kind = 'first_answer'")

        assert [(row["owner_role"], row["is_overdue"]) for row in rows] == [("after_sales", False)]


class TestSatisfaction:
    def test_an_answer_is_told_with_its_words_in_one_order(self, ask: Ask, stories: Told) -> None:
        (row,) = ask("select * from marts.satisfaction_answers")

        assert (row["rma"], row["csat"]) == (stories.rmas["plain"], 2)
        assert row["tags"] == "easy,slow,unfair"
        assert row["has_comment"]
        assert row["text_ref"].startswith("txt_")

    def test_every_word_that_an_answer_may_carry_is_kept(self) -> None:
        (model,) = (
            each for each in load_models(SQL_DIR) if each.relation == "marts.satisfaction_answers"
        )

        assert all(model.sql.count(f"'{tag}'") == 2 for tag in TAGS)

    def test_nobody_answers_twice(self, stories: Told) -> None:
        with pytest.raises(AnsweredAlready):
            stories.house.retour.surveys.answer(stories.rmas["plain"], AnswerBody(csat=5))

    def test_a_return_is_compared_by_how_it_went(self, ask: Ask) -> None:
        rows = ask("select * from marts.satisfaction_by where answered = 1 order by dimension")

        assert {row["dimension"]: row["value"] for row in rows} == {
            "decision": "rule",
            "outcome": "refunded",
            "reason": "defect",
            "regime": "voluntary",
            "waiting": "<2d",
        }


class TestIlls:
    @pytest.fixture
    def measures(self, ask: Ask) -> dict[str, tuple[float, int]]:
        """Value and foundation of each measure in the week of the stories."""
        rows = ask("select * from marts.ills_weekly where week_start = '2026-03-02'")
        return {row["measure"]: (row["value"], row["n"]) for row in rows}

    def test_effort_rests_on_those_applications_that_told_of_it(
        self, measures: dict[str, tuple[float, int]]
    ) -> None:
        assert measures["inputs_median"] == (7, 1)
        assert measures["minutes_median"] == (1.5, 1)

    def test_a_letter_before_what_it_tells_of_was_not_late(
        self, measures: dict[str, tuple[float, int]]
    ) -> None:
        assert measures["message_minutes_median"] == (30, 2)  # an hour, and none

    def test_decisions_on_applications_are_counted_with_the_share_made_by_rule(
        self, measures: dict[str, tuple[float, int]]
    ) -> None:
        assert measures["auto_share"] == (7 / 8, 8)
        assert measures["decision_hours_median"] == (0, 8)

    def test_what_took_until_this_week_counts_in_it_whenever_it_began(
        self, measures: dict[str, tuple[float, int]], ask: Ask
    ) -> None:
        before = ask("select measure from marts.ills_weekly where week_start < '2026-03-02'")

        assert measures["stalled_hours_median"] == (100, 1)
        assert measures["first_answer_hours_median"] == (49, 3)  # of 3, 49 and 90
        assert {"stalled_hours_median", "first_answer_hours_median"}.isdisjoint(
            row["measure"] for row in before
        )
