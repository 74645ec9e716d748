"""Buyers answer flags over HTTP; the pipeline raises and clears them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flagging import BODIES, answer, clear, hire, raise_flag
from service_shop import Shop, problem

from service.domain.events import Actor
from service.domain.flags import STEPS, FlagStatus, FlagStep
from service.flags.schemas import ActionBody

WORDS: dict[str, FlagStep] = {
    "acknowledgement": "acknowledge",
    "assignment": "assign",
    "action": "act",
    "dismissal": "dismiss",
}


def story(shop: Shop, flag_id: str) -> dict[str, Any]:
    told: dict[str, Any] = shop.call("buyer", "GET", f"/v1/flags/{flag_id}").json()
    return told


def listed(shop: Shop, query: str = "") -> list[str]:
    answered = shop.call("shop", "GET", f"/v1/flags{query}")
    return [each["sku"] for each in answered.json()]


class TestAFlag:
    def test_is_shown_with_all_that_the_run_said_and_what_its_product_is_called(
        self, shop: Shop
    ) -> None:
        shop.put_product(vendor="Brenner", category="kitchen")
        raised = raise_flag(
            shop,
            stream="defect",
            probability=0.98,
            cause="damaged",
            culprit_dimension="lot",
            culprit_value="2026-02",
            money_at_risk_minor=41_000,
            currency="EUR",
            suggested_action="supplier_claim",
        )

        (told,) = shop.call("shop", "GET", "/v1/flags").json()

        assert told["flag_id"] == raised.id
        assert (told["title"], told["vendor"], told["status"]) == ("陶瓷杯", "Brenner", "flagged")
        assert (told["culprit_dimension"], told["culprit_value"]) == ("lot", "2026-02")
        assert told["money_at_risk_minor"] == 41_000
        assert told["possible"] == ["acknowledge", "assign", "act", "dismiss"]

    def test_of_an_older_detector_says_null_where_it_knew_nothing(self, shop: Shop) -> None:
        raised = raise_flag(shop)

        told = story(shop, raised.id)

        assert told["stream"] is told["culprit_value"] is told["title"] is None

    def test_that_is_repeated_is_one(self, shop: Shop) -> None:
        raised = raise_flag(shop)
        answer(shop, raised.id, "acknowledgement", 1)

        shop.retour.conclusions.append([raised])

        assert story(shop, raised.id)["status"] == "acknowledged"

    def test_is_found_by_status_product_and_vendor(self, shop: Shop) -> None:
        shop.put_product("MUG", vendor="Brenner")
        raise_flag(shop, "MUG")
        shop.clock.move_to(shop.clock.now() + timedelta(days=1))
        second = raise_flag(shop, "POT")
        answer(shop, second.id, "dismissal", 1)

        assert listed(shop) == ["POT", "MUG"]
        assert listed(shop, "?status=dismissed") == ["POT"]
        assert listed(shop, "?vendor=Brenner") == listed(shop, "?sku=MUG") == ["MUG"]
        assert listed(shop, "?limit=1") == ["POT"]
        problem(shop.call("shop", "GET", "/v1/flags?status=lost"), 422, "invalid-request")

    def test_that_nobody_raised_is_unknown(self, shop: Shop) -> None:
        told = problem(answer(shop, "f", "action", 1), 404, "unknown-flag")

        assert "'f'" in told["detail"]
        problem(shop.call("buyer", "GET", "/v1/flags/f"), 404, "unknown-flag")

    def test_that_is_cleared_stands_no_more_and_the_next_one_is_another(self, shop: Shop) -> None:
        first = raise_flag(shop)
        answer(shop, first.id, "action", 1)
        clear(shop)
        assert listed(shop) == []

        second = raise_flag(shop)

        assert story(shop, first.id)["status"] == "cleared"
        assert story(shop, first.id)["history"][-1]["step"] == "cleared"
        assert story(shop, second.id)["status"] == "flagged"
        assert len(story(shop, second.id)["history"]) == 1

    def test_gives_way_to_a_newer_one_on_its_product(self, shop: Shop) -> None:
        first = raise_flag(shop)
        answer(shop, first.id, "dismissal", 1)

        second = raise_flag(shop)

        assert [each.flag_id for each in shop.retour.flags.listed()] == [second.id]
        assert story(shop, first.id)["status"] == "cleared"


class TestABuyer:
    def test_acknowledges_hands_over_and_acts_and_all_of_it_is_told(self, shop: Shop) -> None:
        hire(shop)
        raised = raise_flag(shop)

        for version, what in enumerate(("acknowledgement", "assignment", "action"), 1):
            assert answer(shop, raised.id, what, version).is_success, what

        told = story(shop, raised.id)
        assert (told["status"], told["version"], told["owner"]) == ("acted", 4, "s-1")
        steps = [each["step"] for each in told["history"]]
        assert steps == ["flagged", "acknowledged", "assigned", "action_taken"]
        assert told["history"][-1]["action"] == "supplier_claim"
        assert told["history"][-1]["by_role"] == "buyer"

    def test_acts_under_their_own_pseudonym_and_has_the_flag_then(self, shop: Shop) -> None:
        hire(shop)
        shop._keys["buyer"] = shop.retour.staff.create_key("s-1", "buyer", "dashboard")
        raised = raise_flag(shop)

        answer(shop, raised.id, "action", 1)

        last = shop.retour.read_log(0, 100)[-1]
        assert (last.type, last.subject, last.actor_key) == ("sku.action_taken", "MUG", "s-1")
        assert story(shop, raised.id)["owner"] == "s-1"

    def test_notes_words_that_no_event_holds(self, shop: Shop) -> None:
        raised = raise_flag(shop)

        answer(shop, raised.id, "dismissal", 1, note="Anna said so")

        assert story(shop, raised.id)["history"][-1]["note"] == "Anna said so"
        assert not any("Anna" in event.data for event in shop.retour.read_log(0, 100))

    def test_who_looked_at_an_older_version_is_told_what_is_possible_now(self, shop: Shop) -> None:
        raised = raise_flag(shop)
        answer(shop, raised.id, "dismissal", 1)
        head = shop.retour.log_head()

        late = answer(shop, raised.id, "action", 1)

        told = problem(late, 409, "flag-changed-meanwhile")
        assert "dismissed at version 2" in told["detail"]
        assert "possible now: act" in told["detail"]
        assert shop.retour.log_head() == head

    def test_sends_the_same_request_twice_and_it_is_carried_out_once(self, shop: Shop) -> None:
        raised = raise_flag(shop)
        request = {
            "json": {"version": 1, "action": "mark_down"},
            "headers": {"Idempotency-Key": "k-1"},
        }
        path = f"/v1/flags/{raised.id}/action"

        answers = [shop.call("buyer", "POST", path, **request) for _ in range(2)]

        assert [each.status_code for each in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert shop.types().count("sku.action_taken") == 1

    def test_goes_to_whoever_asks_where_nobody_is_named(self, shop: Shop) -> None:
        hire(shop)
        raised = raise_flag(shop)
        key = shop.retour.staff.create_key("s-1", "buyer", "Li's")
        headers = {"Authorization": f"Bearer {key}"}

        path = f"/v1/flags/{raised.id}/assignment"
        answered = shop.call("buyer", "POST", path, json={"version": 1}, headers=headers)

        assert answered.json()["owner"] == "s-1"

    def test_goes_to_nobody_where_whoever_asks_is_no_member_of_staff(self, shop: Shop) -> None:
        raised = raise_flag(shop)

        refused = answer(shop, raised.id, "assignment", 1, owner=None)

        problem(refused, 422, "no-such-buyer")

    @pytest.mark.parametrize("owner", ["nobody", "s-2"])
    def test_hands_over_to_buyers_alone(self, shop: Shop, owner: str) -> None:
        hire(shop, "s-2", "reviewer")
        raised = raise_flag(shop)

        refused = answer(shop, raised.id, "assignment", 1, owner=owner)

        problem(refused, 422, "no-such-buyer")
        assert story(shop, raised.id)["version"] == 1

    @pytest.mark.parametrize(
        ("what", "body", "field"),
        [
            ("action", {"action": "pray"}, "action"),
            ("dismissal", {"reason": "tired"}, "reason"),
            ("acknowledgement", {"version": None}, "version"),
            ("action", {"note": ""}, "note"),
        ],
    )
    def test_is_told_which_field_is_wrong(
        self, shop: Shop, what: str, body: dict[str, Any], field: str
    ) -> None:
        raised = raise_flag(shop)

        told = problem(answer(shop, raised.id, what, 1, **body), 422, "invalid-request")

        assert told["errors"][0]["field"] == field


ROADS: dict[FlagStatus, tuple[str, ...]] = {
    "flagged": (),
    "acknowledged": ("acknowledgement",),
    "acted": ("action",),
    "dismissed": ("dismissal",),
}


class TestTheTable:
    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("status", [*ROADS, "cleared"])
    @pytest.mark.parametrize("what", BODIES)
    def test_holds_for_each_step_from_each_state(
        self, shop: Shop, status: FlagStatus, what: str
    ) -> None:
        hire(shop)
        raised = raise_flag(shop)
        for number, each in enumerate(ROADS.get(status, ()), 1):
            answer(shop, raised.id, each, number)
        if status == "cleared":
            clear(shop)
        stands = story(shop, raised.id)
        assert stands["status"] == status

        answered = answer(shop, raised.id, what, stands["version"])

        leads_to = STEPS[status].get(WORDS[what])
        if leads_to:
            assert answered.json()["status"] == leads_to
            assert answered.json()["version"] == stands["version"] + 1
        else:
            problem(answered, 409, "not-possible-for-flag")
            assert story(shop, raised.id) == stands


def test_the_log_names_the_flag_that_each_answer_is_to(shop: Shop) -> None:
    hire(shop)
    raised = raise_flag(shop)

    for version, what in enumerate(BODIES, 1):
        answer(shop, raised.id, what, version)

    answers = [each for each in shop.retour.read_log(0, 100) if each.actor_role == "buyer"]
    assert {json.loads(each.data)["flag_id"] for each in answers} == {raised.id}
    assert [each.type for each in answers] == [
        "sku.acknowledged",
        "sku.assigned",
        "sku.action_taken",
        "sku.dismissed",
    ]


def test_an_admin_who_acts_does_not_become_the_owner(shop: Shop) -> None:
    raised = raise_flag(shop)
    body = ActionBody(version=1, action="mark_down")

    shop.retour.flags.act(raised.id, body, Actor("admin", "key_1"))

    assert story(shop, raised.id)["owner"] is None
