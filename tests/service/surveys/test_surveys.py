import re
from datetime import timedelta

import httpx
from house import House
from service_shop import problem


def closed(house: House) -> str:
    """A return that is done; the survey's address, from its letter."""
    house.begin(email="anna@example.com", language="en")
    house.arrive()
    house.find("passed", grade="A")
    house.pays()
    house.work()
    (letter,) = [each for each in house.outbox.bodies if "How was it for you" in each]
    found = re.search(r"https://teehaus\.example(/v1/surveys/\S+)", letter)
    assert found
    return found[1]


def answer(house: House, path: str, csat: int = 5, **more: object) -> httpx.Response:
    return house.client.post(path, json={"csat": csat, **more})


def asked(house: House) -> int:
    return house.happened().count("survey.sent") + house.happened().count("survey.reminded")


class TestWhoIsAsked:
    def test_nobody_whose_return_came_to_nothing(self, house: House) -> None:
        house.begin()
        house.does("storefront", "cancellation")
        cancelled = house.rma
        house.ask_back()
        house.wait(days=15)
        expired = house.rma
        house.clock.move_to(house.clock.now() + timedelta(days=30))
        house.ask_back()
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")
        house.wait(days=15)

        for rma in (cancelled, expired, house.rma):
            house.rma = rma
            assert (house.state, asked(house)) == ("closed", 0)

    def test_who_sent_after_all_is_asked_when_that_is_done(self, house: House) -> None:
        house.begin()
        house.does("storefront", "cancellation")
        house.arrive()
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")
        house.find("passed", grade="A")
        house.does("storefront", "lines/1/choice", choice="dispose")

        assert (house.state, asked(house)) == ("closed", 1)


class TestSurvey:
    def test_opening_the_link_answers_nothing_and_needs_no_key(self, house: House) -> None:
        path = closed(house)

        looks = [house.client.get(path, headers={"Accept-Language": "zh"}) for _ in range(3)]

        assert {each.status_code for each in looks} == {200}
        assert looks[0].json()["question"] == "您对本次退货的体验如何？"
        assert looks[0].json()["is_answered"] is False
        assert "survey.answered" not in house.happened()

    def test_it_is_answered_once(self, house: House) -> None:
        path = closed(house)

        first = answer(house, path, tags=["fast"], comment="Anna was happy")
        second = answer(house, path, csat=1)

        assert first.json()["is_answered"] is True
        problem(second, 409, "answered-already")
        assert house.happened().count("survey.answered") == 1
        assert not any("happy" in event.data for event in house.retour.read_log(0, 1000))

    def test_a_low_score_is_somebodys_case(self, house: House) -> None:
        answer(house, closed(house), csat=2, comment="Too slow")

        assert house.open_cases() == ["low_score"]

    def test_a_good_one_is_nobodys(self, house: House) -> None:
        answer(house, closed(house), csat=3)

        assert house.open_cases() == []

    def test_who_does_not_answer_is_reminded_once(self, house: House) -> None:
        closed(house)

        house.wait(days=4)
        house.wait(days=40)

        assert asked(house) == 2
        assert len([each for each in house.outbox.bodies if "do not ask again" in each]) == 1

    def test_who_answered_is_not_reminded(self, house: House) -> None:
        answer(house, closed(house))

        house.wait(days=4)

        assert asked(house) == 1

    def test_another_token_opens_no_survey(self, house: House) -> None:
        path = closed(house)

        forged = house.client.get(path[:-2])
        other = house.client.get(f"/v1/surveys/{house.token}")

        problem(forged, 403, "customer-token-not-valid")
        problem(other, 403, "customer-token-for-another")
