"""Customer and staff write to each other on a case; who waits for an answer has a clock."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from house import House
from service_shop import ORDER, problem
from sqlalchemy import select

from service.cases.deadlines import escalate_unanswered
from service.platform.access import access_log

ANSWER = "Anna, our warehouse looks for it"
THANKS = "Anna says thank you"


@pytest.fixture
def house(house: House) -> House:
    """A house in which Anna's return is looked at, and she can be written to."""
    return house.begin(email="anna@example.com")


def bring_up(house: House, kind: str = "complaint") -> str:
    body = {"kind": kind, "rma": house.rma, "text": "Anna is not content"}
    token = {"Retour-Customer": house.token}
    answer = house.call("storefront", "POST", "/v1/cases", json=body, headers=token)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_id"])


def write(
    house: House, case_id: str, role: str = "after_sales", text: str = ANSWER, **more: Any
) -> httpx.Response:
    headers = {"Retour-Customer": house.token} if role == "storefront" else {}
    headers |= more.pop("headers", {})
    path = f"/v1/cases/{case_id}/messages"
    return house.call(role, "POST", path, json={"text": text, **more}, headers=headers)


def look(house: House, case_id: str, role: str = "after_sales") -> dict[str, Any]:
    headers = {"Retour-Customer": house.token} if role == "storefront" else {}
    answer = house.call(role, "GET", f"/v1/cases/{case_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def close(house: House, case_id: str, **answer: str) -> None:
    body = {"outcome": "answered", **answer}
    assert house.call("after_sales", "POST", f"/v1/cases/{case_id}/closure", json=body).is_success


def said(house: House, type_: str) -> list[dict[str, Any]]:
    log = house.retour.read_log(0, 1000)
    return [json.loads(event.data) for event in log if event.type == type_]


class TestWriting:
    def test_a_case_is_answered_without_being_closed(self, house: House) -> None:
        case_id = bring_up(house)

        written = write(house, case_id)

        assert written.status_code == 201
        assert look(house, case_id)["closed_at"] is None
        (event,) = said(house, "message.written")
        assert event["message_id"] == written.json()["message_id"]
        assert (event["case_id"], event["rma"]) == (case_id, house.rma)
        assert (event["direction"], event["written_by"]) == ("to_customer", "after_sales")

    def test_both_see_what_was_written_from_the_first_words_to_the_last(self, house: House) -> None:
        case_id = bring_up(house)
        write(house, case_id, language="en")
        write(house, case_id, "storefront", THANKS)
        close(house, case_id, answer="Goodbye, Anna")

        for role in ("storefront", "after_sales"):
            thread = look(house, case_id, role)["messages"]
            assert [(each["direction"], each["written_by"], each["text"]) for each in thread] == [
                ("from_customer", "customer", "Anna is not content"),
                ("to_customer", "after_sales", ANSWER),
                ("from_customer", "customer", THANKS),
                ("to_customer", "after_sales", "Goodbye, Anna"),
            ]
            assert thread[1]["language"] == "en"

    def test_the_words_are_in_the_erasable_store_and_not_in_the_log(self, house: House) -> None:
        case_id = bring_up(house)
        write(house, case_id)

        (event,) = said(house, "message.written")
        text = house.call("after_sales", "GET", f"/v1/texts/{event['text_ref']}").json()

        assert (text["body"], text["case_id"]) == (ANSWER, case_id)
        assert not any("Anna" in event.data for event in house.retour.read_log(0, 1000))

    def test_the_customer_gets_an_answer_by_letter_and_no_letter_of_their_own_words(
        self, house: House
    ) -> None:
        case_id = bring_up(house)
        house.work()
        before = len(house.outbox.sent)

        write(house, case_id)
        write(house, case_id, "storefront", THANKS)
        house.work()

        (letter,) = house.outbox.bodies[before:]
        assert ANSWER in letter
        assert case_id in letter
        assert said(house, "message.sent")[-1]["letter"] == "case_message"

    def test_a_repeated_request_writes_once(self, house: House) -> None:
        case_id = bring_up(house)
        key = {"Idempotency-Key": "once"}

        first, second = (write(house, case_id, headers=key) for _ in range(2))
        other = write(house, case_id, text="Something else", headers=key)

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        problem(other, 409, "idempotency-key-reused")
        assert len(said(house, "message.written")) == 1

    def test_on_a_case_that_ended_nobody_writes_any_more(self, house: House) -> None:
        case_id = bring_up(house)
        close(house, case_id)

        for role in ("storefront", "after_sales"):
            refused = write(house, case_id, role)
            assert "open a new one" in problem(refused, 409, "case-is-closed")["detail"]

    def test_where_nobody_knows_the_customer_nothing_is_kept(self, house: House) -> None:
        house.call("inspector", "POST", "/v1/parcels", json={"tracking": "?"})
        (case,) = house.call("after_sales", "GET", "/v1/cases").json()

        refused = write(house, case["case_id"])

        problem(refused, 409, "nobody-to-write-to")
        assert said(house, "message.written") == []

    def test_staff_may_not_write_on_what_is_not_there(self, house: House) -> None:
        problem(write(house, "case_404"), 404, "unknown-case")


class TestWhoSeesACase:
    def test_a_customer_sees_and_writes_on_an_orders_case_with_the_orders_token(
        self, house: House
    ) -> None:
        claim = {"kind": "not_received", "order_id": "A-1", "customer": ORDER["customer"]}
        body = {**claim, "text": "Where is it?"}
        case_id = house.call("storefront", "POST", "/v1/cases", json=body).json()["case_id"]
        token = {"Retour-Customer": house.retour.customers.order_token("A-1").token}
        path = f"/v1/cases/{case_id}"

        seen = house.call("storefront", "GET", path, headers=token)
        written = house.call(
            "storefront", "POST", f"{path}/messages", json={"text": "?"}, headers=token
        )

        assert seen.json()["messages"][0]["text"] == "Where is it?"
        assert written.status_code == 201

    def test_nobody_else_does_and_guesses_tell_nothing(self, house: House) -> None:
        case_id = bring_up(house)
        house.put_order("B-1", customer="bert", country="US")
        house.put_parcel("B-1")
        bert = house.apply(order_id="B-1", customer="bert").json()["customer_token"]
        head = house.retour.log_head()

        for token in (bert, house.retour.customers.order_token("B-1").token):
            headers = {"Retour-Customer": token}
            told = [
                house.call("storefront", method, f"/v1/cases/{each}{what}", headers=headers, **body)
                for each in (case_id, "case_404")
                for method, what, body in (
                    ("GET", "", {}),
                    ("POST", "/messages", {"json": {"text": "?"}}),
                )
            ]  # fmt: skip
            kinds = {each.json()["type"] for each in told}
            assert kinds == {"/problems/customer-token-for-another"}
        assert house.retour.log_head() == head

    def test_without_a_token_a_shops_app_sees_none(self, house: House) -> None:
        path = f"/v1/cases/{bring_up(house)}"

        problem(house.call("storefront", "GET", path), 403, "customer-token-missing")

    def test_a_letters_link_shows_it_without_a_key(self, house: House) -> None:
        case_id = bring_up(house)

        seen = house.client.get(f"/v1/cases/{case_id}", params={"token": house.token})

        assert seen.json()["messages"][0]["text"] == "Anna is not content"

    def test_what_only_the_house_knows_of_its_customer_sees_once_written_to(
        self, house: House
    ) -> None:
        token = house.retour.context.proofs.make("survey", house.rma).token
        body = {"csat": 1, "comment": "Slow!"}
        house.arrive()
        house.find("passed", grade="A")
        house.pays()
        assert house.call("storefront", "POST", f"/v1/surveys/{token}", json=body).is_success
        (case,) = house.call("after_sales", "GET", "/v1/cases").json()
        path, own = f"/v1/cases/{case['case_id']}", {"Retour-Customer": house.token}
        hidden = house.call("storefront", "GET", path, headers=own)

        write(house, case["case_id"])
        close(house, case["case_id"], answer="We made it faster")
        house.work()

        problem(hidden, 403, "customer-token-for-another")
        shown = look(house, case["case_id"], "storefront")["messages"]
        assert [each["text"] for each in shown] == [ANSWER, "We made it faster"]
        assert any("We made it faster" in each for each in house.outbox.bodies)

    def test_customers_do_not_see_which_member_of_staff_has_it(self, house: House) -> None:
        hired = {"role": "after_sales", "name": "Li", "languages": ["en"], "capacity": 5}
        assert house.call("admin", "PUT", "/v1/staff/s-1", json=hired).is_success
        case_id = bring_up(house)

        assert look(house, case_id)["owner"] == "s-1"
        assert look(house, case_id, "storefront")["owner"] is None


class TestReading:
    def test_each_text_that_staff_read_is_noted_and_what_customers_read_is_not(
        self, house: House
    ) -> None:
        case_id = bring_up(house)
        write(house, case_id)
        look(house, case_id, "storefront")
        assert self.noted(house) == []

        thread = look(house, case_id)["messages"]

        assert sorted(self.noted(house)) == sorted(("text", each["text_ref"]) for each in thread)

    def test_who_may_not_read_texts_sees_that_there_are_some(self, house: House) -> None:
        case_id = bring_up(house)

        (message,) = look(house, case_id, "finance")["messages"]

        assert message["text"] is None
        assert message["text_ref"]
        assert self.noted(house) == []

    def test_erasing_the_customer_erases_what_both_wrote(self, house: House) -> None:
        case_id = bring_up(house)
        write(house, case_id, headers={"Idempotency-Key": "answer"})
        write(house, case_id, "storefront", THANKS, headers={"Idempotency-Key": "thanks"})

        erased = house.retour.erasure.erase(ORDER["customer"])

        assert (erased.texts, erased.idempotency_keys) == (3, 2)
        assert {each["text"] for each in look(house, case_id)["messages"]} == {None}
        assert self.noted(house) == []

    def noted(self, house: House) -> list[tuple[str, str]]:
        with house.retour.context.db.read() as connection:
            return [(row.what, row.subject) for row in connection.execute(select(access_log))]


class TestFirstAnswer:
    def test_it_is_due_from_the_customers_first_words_on(self, house: House) -> None:
        case = look(house, bring_up(house))

        (opened,) = said(house, "case.opened")
        due_us = opened["answer_due_at_us"]
        assert due_us == (house.clock.now() + timedelta(hours=24)).timestamp() * 1e6
        assert case["answer_due_at"] is not None

    def test_an_answer_of_a_person_ends_it_and_nobody_is_called(self, house: House) -> None:
        case_id = bring_up(house)
        house.wait(hours=23)
        write(house, case_id)

        house.wait(hours=2)

        assert look(house, case_id)["answer_due_at"] is None
        assert said(house, "case.escalated") == []

    def test_without_one_the_head_has_it_with_the_same_time_once_more(self, house: House) -> None:
        case_id = bring_up(house)
        due = look(house, case_id)["due_at"]

        house.wait(hours=24)

        (called,) = said(house, "case.escalated")
        assert (called["clock"], called["owner_role"]) == ("first_response", "admin")
        case = look(house, case_id)
        assert (case["owner_role"], case["due_at"]) == ("admin", due)
        assert case["answer_due_at"][:19] == f"{house.clock.now() + timedelta(hours=24):%FT%T}"
        house.wait(hours=24)
        clocks = [each["clock"] for each in said(house, "case.escalated")]
        assert sorted(clocks) == ["case", "first_response", "first_response"]

    def test_which_head_has_it_is_told_in_the_log_too(self, house: House) -> None:
        """The queue of the dashboards knows nothing else."""
        hired = {"role": "admin", "name": "Ada", "languages": ["en"], "capacity": 5}
        assert house.call("admin", "PUT", "/v1/staff/a-1", json=hired).is_success
        case_id = bring_up(house)

        house.wait(hours=24)

        owner = look(house, case_id)["owner"]
        assert owner is not None
        assert [each["owner_key"] for each in said(house, "case.escalated")] == [owner]

    def test_writing_back_starts_it_again_and_writing_twice_does_not_put_it_off(
        self, house: House
    ) -> None:
        case_id = bring_up(house)
        write(house, case_id)
        house.wait(hours=5)
        write(house, case_id, "storefront", THANKS)
        due = look(house, case_id)["answer_due_at"]
        house.wait(hours=5)

        write(house, case_id, "storefront", "Hello?")

        assert look(house, case_id)["answer_due_at"] == due
        house.wait(hours=19)
        assert [each["clock"] for each in said(house, "case.escalated")] == ["first_response"]

    @pytest.mark.parametrize("end", [write, close])
    def test_an_answer_or_the_end_of_the_case_ends_it(
        self, house: House, end: Callable[[House, str], object]
    ) -> None:
        case_id = bring_up(house)
        assert "case_answer_deadline" in {each.kind for each in house.retour.jobs.entries()}

        end(house, case_id)

        assert "case_answer_deadline" not in {each.kind for each in house.retour.jobs.entries()}
        house.wait(hours=30)
        assert said(house, "case.escalated") == []

    def test_a_worker_that_comes_with_an_old_deadline_calls_nobody(self, house: House) -> None:
        case_id = bring_up(house)
        house.wait(hours=23)
        write(house, case_id)
        write(house, case_id, "storefront", THANKS)
        house.clock.move_to(house.clock.now() + timedelta(hours=2))

        with house.retour.context.transaction() as transaction:
            escalate_unanswered(transaction, case_id)

        assert said(house, "case.escalated") == []

    def test_a_case_that_its_house_opened_waits_for_no_answer(self, house: House) -> None:
        house.call("inspector", "POST", "/v1/parcels", json={"tracking": "?"})

        house.wait(hours=25)

        assert said(house, "case.escalated") == []

    def test_whose_customer_waits_is_on_top(self, house: House) -> None:
        answered, waits = bring_up(house), bring_up(house, "suggestion")
        write(house, answered)
        house.wait(hours=1)
        later = bring_up(house, "not_received")

        listed = house.call("after_sales", "GET", "/v1/cases").json()

        assert [each["case_id"] for each in listed] == [waits, later, answered]

    def test_the_letter_promises_an_answer_by_then(self, house: House) -> None:
        bring_up(house)
        house.work()

        (letter,) = (each for each in house.outbox.bodies if "thank you for telling us" in each)
        promised = house.clock.now() + timedelta(hours=24)
        assert f"{promised.day}" in letter
        assert f"{promised + timedelta(hours=24):%d %B}" not in letter
