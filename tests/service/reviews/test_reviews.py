from datetime import timedelta

import pytest
from house import House
from service_shop import problem

HOUR = timedelta(hours=1)


def hire(
    house: House,
    staff_id: str,
    languages: list[str],
    capacity: int = 10,
    role: str = "reviewer",
    **more: object,
) -> None:
    body = {
        "role": role,
        "name": f"Reviewer {staff_id}",
        "languages": languages,
        "capacity": capacity,
        "is_active": True,
        **more,
    }
    assert house.call("admin", "PUT", f"/v1/staff/{staff_id}", json=body).is_success


def act_as(house: House, staff_id: str) -> None:
    """Give somebody a key, so that they are a role in what the house does."""
    house._keys[staff_id] = house.retour.staff.create_key(staff_id, "reviewer", "test")


def queue(house: House) -> list[dict[str, object]]:
    told: list[dict[str, object]] = house.call("reviewer", "GET", "/v1/reviews").json()
    return told


def reviewer_of(house: House) -> object:
    (review,) = [each for each in queue(house) if each["rma"] == house.rma]
    return review["reviewer"]


class TestAssignment:
    def test_a_review_goes_to_whoever_speaks_the_customers_language(self, house: House) -> None:
        hire(house, "s-anna", ["en"])
        hire(house, "s-bao", ["zh"])

        house.begin_late(email="li@example.com", language="zh")

        assert reviewer_of(house) == "s-bao"

    def test_of_two_the_one_with_less_to_do_gets_it_and_who_is_absent_none(
        self, house: House
    ) -> None:
        hire(house, "s-1", ["en"])
        hire(house, "s-2", ["en"])
        hire(house, "s-3", ["en"])
        away = {
            "from": (house.clock.now() - HOUR).isoformat(),
            "until": (house.clock.now() + 9999 * HOUR).isoformat(),
        }
        assert house.call("admin", "PUT", "/v1/staff/s-3/absence", json=away).is_success

        house.begin_late()
        first = reviewer_of(house)
        house.ask_back()
        second = reviewer_of(house)

        assert {first, second} == {"s-1", "s-2"}

    def test_without_anybody_it_waits_in_the_queue_of_all(self, house: House) -> None:
        house.begin_late()

        assert reviewer_of(house) is None

    def test_those_of_a_key_that_belongs_to_nobody_are_none(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        act_as(house, "s-1")
        house.begin_late()

        mine = {
            each: len(house.call(each, "GET", "/v1/reviews?only_mine=true").json())
            for each in ("s-1", "reviewer")
        }

        assert mine == {"s-1": 1, "reviewer": 0}

    def test_when_most_of_its_time_is_used_up_somebody_else_gets_it(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        hire(house, "s-2", ["en"])
        house.begin_late()
        assert reviewer_of(house) == "s-1"

        house.wait(hours=19)
        assert reviewer_of(house) == "s-1"
        house.wait(hours=0.3)

        assert reviewer_of(house) == "s-2"

    def test_who_is_alone_keeps_it_however_late_it_is(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        house.begin_late()

        house.wait(hours=20)

        assert reviewer_of(house) == "s-1"
        assert house.happened().count("review.assigned") == 1

    def test_nobody_who_is_fuller_gets_it_for_being_late(self, house: House) -> None:
        hire(house, "s-1", ["en"], capacity=100)
        house.begin_late()
        first = house.rma
        hire(house, "s-2", ["en"], capacity=1)
        house.ask_back()
        assert [each["reviewer"] for each in queue(house)] == ["s-1", "s-2"]

        house.wait(hours=20)

        held = {each["rma"]: each["reviewer"] for each in queue(house)}
        assert held == {first: "s-1", house.rma: "s-1"}

    def test_whoever_is_there_gets_it_in_time_from_who_is_away(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        house.begin_late()
        hire(house, "s-2", ["en"], capacity=1)
        away = {
            "from": (house.clock.now() + HOUR).isoformat(),
            "until": (house.clock.now() + 99 * HOUR).isoformat(),
        }
        assert house.call("admin", "PUT", "/v1/staff/s-1/absence", json=away).is_success
        assert reviewer_of(house) == "s-1"

        house.wait(hours=20)

        assert reviewer_of(house) == "s-2"

    def test_who_goes_away_hands_on_what_is_due_before_they_are_back(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        house.begin_late()
        hire(house, "s-2", ["en"])
        since, until = house.clock.now() - HOUR, house.clock.now()

        held = []
        for hours in (10, 30):
            away = {"from": since.isoformat(), "until": (until + hours * HOUR).isoformat()}
            assert house.call("admin", "PUT", "/v1/staff/s-1/absence", json=away).is_success
            held.append(reviewer_of(house))

        assert held == ["s-1", "s-2"]

    @pytest.mark.parametrize("left", [{"is_active": False}, {"role": "inspector"}])
    def test_what_somebody_had_who_left_is_anothers(
        self, house: House, left: dict[str, object]
    ) -> None:
        hire(house, "s-1", ["en"])
        house.begin_late()
        hire(house, "s-2", ["en"], capacity=1)

        hire(house, "s-1", ["en"], **left)
        first = reviewer_of(house)
        hire(house, "s-2", ["en"], **left)

        assert (first, reviewer_of(house)) == ("s-2", None)

    def test_handed_over_without_a_name_it_goes_to_another_or_stays(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        house.begin_late()

        house.does("reviewer", "assignment")
        alone = reviewer_of(house)
        hire(house, "s-2", ["en"])
        house.does("reviewer", "assignment")

        assert (alone, reviewer_of(house)) == ("s-1", "s-2")

    def test_while_the_customer_is_asked_it_stays_with_who_asked(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        hire(house, "s-2", ["en"])
        house.begin_late()
        house.does("reviewer", "question", question="Is it cracked?")

        house.wait(hours=20)
        house.does("storefront", "answer", answer="Yes.")

        assert reviewer_of(house) == "s-1"

    def test_it_can_be_handed_over_to_whoever_is_present_only(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        house.begin_late()

        house.does("reviewer", "assignment", reviewer="s-1")
        refused = house.tries("reviewer", "assignment", reviewer="s-404")

        assert "GET /v1/staff" in problem(refused, 422, "nobody-like-that")["detail"]


class TestTheClock:
    def test_it_stands_still_while_the_customer_is_asked(self, house: House) -> None:
        house.begin_late()
        due = queue(house)[0]["due_at"]
        house.wait(hours=10)
        house.does("reviewer", "question", question="Is it cracked?")
        assert house.look()["next"]["by"] == "customer"
        house.wait(hours=100)
        house.does("storefront", "answer", answer="Yes.")

        (review,) = queue(house)

        assert review["due_at"] != due
        left = house.look()["next"]["until"]
        assert left == (house.clock.now() + 14 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_when_it_runs_out_the_head_decides_and_a_case_is_open(self, house: House) -> None:
        house.begin_late()

        house.wait(hours=23.9)
        assert house.state == "under_review"
        house.wait(hours=0.2)

        assert house.state == "escalated"
        assert house.look()["next"]["by"] == "admin"
        assert house.open_cases() == ["stalled"]

    def test_when_it_runs_out_the_head_has_it_until_theirs_does(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        hire(house, "head", ["en"], role="admin")
        house.begin_late()

        house.wait(hours=24)

        (review,) = queue(house)
        assert (review["reviewer"], review["due_at"]) == ("head", house.look()["next"]["until"])

    def test_what_the_head_asks_about_comes_back_to_the_head(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        hire(house, "head", ["en"], role="admin")
        house.begin_late()
        house.wait(hours=24)
        house.does("admin", "question", question="Is it cracked?")
        house.wait(hours=9)

        house.does("storefront", "answer", answer="Yes.")
        house.work()

        (review,) = queue(house)
        assert (house.state, review["reviewer"]) == ("escalated", "head")
        assert review["due_at"] == (house.clock.now() + 24 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_where_no_head_is_known_it_stays_whose_it_is(self, house: House) -> None:
        hire(house, "s-1", ["en"])
        house.begin_late()

        house.wait(hours=24)

        assert (house.state, reviewer_of(house)) == ("escalated", "s-1")

    def test_when_the_heads_runs_out_too_the_return_is_authorized_with_a_close_look(
        self, house: House
    ) -> None:
        house.begin_late()
        house.wait(hours=25)
        house.wait(hours=25)

        house.arrive()
        refused = house.tries(
            "inspector",
            "inspections",
            line_no=1,
            depth="basic",
            findings=[{"outcome": "passed", "quantity": 1, "grade": "A"}],
        )

        assert "look closely" in problem(refused, 422, "looks-too-shallow")["detail"]


class TestAnAppeal:
    """s-1 declined; the customer asked for another person."""

    @pytest.fixture
    def appealed(self, house: House) -> House:
        hire(house, "s-1", ["en"])
        act_as(house, "s-1")
        house.begin_late()
        house.does("s-1", "decision", decision="decline", reason_code="misuse")
        hire(house, "s-2", ["en"], capacity=1)
        house.does("storefront", "human-review")
        assert reviewer_of(house) == "s-2"
        return house

    def test_is_never_given_to_who_declined_however_late_it_is(self, appealed: House) -> None:
        appealed.wait(hours=20)

        assert reviewer_of(appealed) == "s-2"

    def test_is_refused_for_who_declined_by_name(self, appealed: House) -> None:
        refused = appealed.tries("reviewer", "assignment", reviewer="s-1")

        assert "somebody else" in problem(refused, 409, "not-the-same-person")["detail"]
        assert reviewer_of(appealed) == "s-2"

    def test_is_nobodys_where_only_who_declined_is_left(self, appealed: House) -> None:
        hire(appealed, "s-2", ["en"], is_active=False)

        assert reviewer_of(appealed) is None

    def test_goes_to_neither_of_two_who_declined(self, appealed: House) -> None:
        act_as(appealed, "s-2")
        appealed.does("s-2", "decision", decision="decline", reason_code="misuse")
        appealed.does("storefront", "human-review")

        assert reviewer_of(appealed) is None
        for each in ("s-1", "s-2"):
            words = {"decision": "authorize", "reason_code": "goodwill"}
            problem(appealed.tries(each, "decision", **words), 409, "not-the-same-person")


class TestDecisions:
    def test_who_looked_at_an_older_version_is_told_what_is_possible_now(
        self, house: House
    ) -> None:
        house.begin_late()
        version = house.look()["version"]
        words = {"decision": "authorize", "reason_code": "goodwill", "version": version}
        house.does("reviewer", "decision", **words)

        document = problem(
            house.tries(
                "reviewer",
                "decision",
                **{**words, "decision": "decline", "reason_code": "misuse"},
            ),
            409,
            "changed-meanwhile",
        )

        assert "possible now: " in document["detail"]
        assert "shipment.created" in document["detail"]

    def test_a_second_decision_without_a_version_is_refused_by_the_table(
        self, house: House
    ) -> None:
        house.begin_late()
        words = {"decision": "decline", "reason_code": "misuse"}
        house.does("reviewer", "decision", **words)

        problem(house.tries("reviewer", "decision", **words), 409, "not-possible-now")

    @pytest.mark.parametrize("role", ["storefront", "inspector", "finance", "buyer", "shop"])
    def test_nobody_but_a_reviewer_decides(self, house: House, role: str) -> None:
        house.begin_late()

        answer = house.tries(role, "decision", decision="authorize", reason_code="goodwill")

        problem(answer, 403, "not-allowed")
