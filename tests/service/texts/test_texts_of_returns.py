"""What a reviewer asked, the customer answered and the dock noted is read by those who must know it, and by name."""

from typing import Any

import pytest
from house import House
from service_shop import ORDER, problem
from sqlalchemy import select

from service.platform.access import access_log


def texts(house: House, role: str) -> list[dict[str, Any]]:
    answer = house.call(role, "GET", f"/v1/returns/{house.rma}/texts")
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()
    return told


def readings(house: House) -> list[str]:
    with house.retour.context.db.read() as connection:
        return [row.subject for row in connection.execute(select(access_log))]


@pytest.fixture
def asked(house: House) -> House:
    house.begin_late(2)
    house.does("reviewer", "question", question="What broke?")
    house.wait(hours=1)
    house.does("storefront", "answer", answer="The handle is off.")
    return house


def test_a_reviewer_reads_the_answer_beside_the_question_and_each_reading_is_noted(
    asked: House,
) -> None:
    told = texts(asked, "reviewer")

    assert [(each["kind"], each["written_by"], each["body"]) for each in told] == [
        ("question", "reviewer", "What broke?"),
        ("answer", "customer", "The handle is off."),
    ]
    assert sorted(readings(asked)) == sorted(each["text_ref"] for each in told)


def test_the_docks_note_is_read_once_though_it_is_of_several_findings(asked: House) -> None:
    asked.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
    asked.arrive()
    findings = [
        {"outcome": "passed", "quantity": 1, "grade": "A"},
        {"outcome": "failed", "quantity": 1, "grade": "C"},
    ]
    asked.does(
        "inspector", "inspections", line_no=1, depth="full", note="Scratched.", findings=findings
    )

    told = texts(asked, "after_sales")

    assert [(each["kind"], each["body"]) for each in told][2:] == [
        ("inspection_note", "Scratched.")
    ]


def test_who_may_not_read_texts_learns_only_that_there_are_some(asked: House) -> None:
    told = texts(asked, "inspector")

    assert [(each["kind"], each["body"]) for each in told] == [("question", None), ("answer", None)]
    assert readings(asked) == []


def test_words_that_were_erased_are_gone(asked: House) -> None:
    asked.retour.erasure.erase(ORDER["customer"])

    assert {each["body"] for each in texts(asked, "reviewer")} == {None}


def test_a_return_that_is_not_known_is_said_to_be_so(house: House) -> None:
    answer = house.call("reviewer", "GET", "/v1/returns/R00000-00000-0/texts")

    problem(answer, 404, "unknown-return")
