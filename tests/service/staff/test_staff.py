from datetime import timedelta
from typing import Any

import httpx
import pytest
from service_shop import Shop

from service.platform.auth import SCOPES
from service.platform.problems import NotAuthenticated
from service.staff.commands import OtherRole, UnknownStaff
from service.staff.repository import candidates

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LIN = {"role": "reviewer", "name": "林晓", "languages": ["zh", "en"], "capacity": 20}
AWAY = {"from": "2026-03-02T12:00:00Z", "until": "2026-03-09T08:00:00+01:00"}


def put(shop: Shop, staff_id: str = "s-1", **changed: Any) -> httpx.Response:
    return shop.call("admin", "PUT", f"/v1/staff/{staff_id}", json={**LIN, **changed})


def put_absence(shop: Shop, staff_id: str = "s-1", **changed: Any) -> httpx.Response:
    path = f"/v1/staff/{staff_id}/absence"
    return shop.call("admin", "PUT", path, json={**AWAY, **changed})


def staff(shop: Shop) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = shop.call("admin", "GET", "/v1/staff").json()["staff"]
    return told


class TestPutStaff:
    def test_a_member_is_listed_as_told(self, shop: Shop) -> None:
        answers = [put(shop, "s-2", languages=["en"]), put(shop)]

        assert [each.json()["is_changed"] for each in answers] == [True, True]
        first, second = staff(shop)
        assert first == {
            "staff_id": "s-1",
            **LIN,
            "languages": ["en", "zh"],
            "is_active": True,
            "absence": None,
        }
        assert (second["staff_id"], second["languages"]) == ("s-2", ["en"])

    def test_the_newest_word_counts(self, shop: Shop) -> None:
        put(shop)

        answers = [
            put(shop, languages=["en", "zh"]),
            put(shop, role="finance", capacity=5),
        ]

        assert [each.json()["is_changed"] for each in answers] == [False, True]
        assert [(each["role"], each["capacity"]) for each in staff(shop)] == [("finance", 5)]

    def test_a_name_reaches_no_event(self, shop: Shop) -> None:
        put(shop)

        assert shop.types() == []

    @on_one_database
    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"role": "shop"}, "role: must be one of 'reviewer', 'inspector'"),
            ({"languages": []}, "languages: must hold at least 1"),
            ({"languages": ["de"]}, "languages[0]: must be one of 'en' or 'zh'"),
            ({"capacity": 0}, "capacity: must be 1 or more"),
            ({"is_active": "yes"}, "is_active: must be true or false"),
            ({"wage": 1}, "the fields here are role, name, languages, capacity, is_active"),
        ],
    )
    def test_what_cannot_be_is_refused_in_words(
        self, shop: Shop, changed: dict[str, Any], words: str
    ) -> None:
        answer = put(shop, **changed)

        assert answer.status_code == 422
        assert words in answer.json()["detail"]
        assert staff(shop) == []

    @on_one_database
    @pytest.mark.parametrize("role", sorted(set(SCOPES) - {"admin"}))
    def test_only_an_admin_tells_and_sees(self, shop: Shop, role: str) -> None:
        told = [
            shop.call(role, "PUT", "/v1/staff/s-1", json=LIN),
            shop.call(role, "GET", "/v1/staff"),
            shop.call(role, "PUT", "/v1/staff/s-1/absence", json=AWAY),
            shop.call(role, "DELETE", "/v1/staff/s-1/absence"),
        ]

        assert [each.status_code for each in told] == [403] * 4


class TestAbsence:
    def test_it_is_told_and_ended(self, shop: Shop) -> None:
        put(shop)

        told = put_absence(shop)

        absence = {"from": "2026-03-02T12:00:00Z", "until": "2026-03-09T07:00:00Z"}
        assert (told.status_code, told.json()) == (200, absence)
        assert staff(shop)[0]["absence"] == absence
        ended = shop.call("admin", "DELETE", "/v1/staff/s-1/absence")
        assert (ended.status_code, ended.content) == (204, b"")
        assert staff(shop)[0]["absence"] is None

    def test_telling_of_a_member_anew_does_not_end_it(self, shop: Shop) -> None:
        put(shop)
        put_absence(shop)

        put(shop, capacity=3)

        assert staff(shop)[0]["absence"] is not None

    @on_one_database
    def test_nobody_is_away_whom_nobody_knows(self, shop: Shop) -> None:
        answers = [put_absence(shop), shop.call("admin", "DELETE", "/v1/staff/s-1/absence")]

        assert [each.status_code for each in answers] == [404, 404]
        assert "GET /v1/staff shows all" in answers[0].json()["detail"]

    @on_one_database
    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"until": AWAY["from"]}, "until must be later than from"),
            ({"from": "soon"}, "from: must be a moment"),
            ({"by": "x"}, "the fields here are from, until"),
        ],
    )
    def test_one_that_cannot_be_is_refused(
        self, shop: Shop, changed: dict[str, Any], words: str
    ) -> None:
        put(shop)

        assert words in put_absence(shop, **changed).json()["detail"]


class TestKeysOfStaff:
    def test_a_key_says_whose_it_is(self, shop: Shop) -> None:
        put(shop)

        key = shop.retour.staff.create_key("s-1", "reviewer", "desk")

        assert shop.retour.keys.caller(key).staff_id == "s-1"
        assert [each.staff_id for each in shop.retour.keys.entries() if each.staff_id] == ["s-1"]

    @on_one_database
    def test_it_is_of_the_members_role(self, shop: Shop) -> None:
        put(shop)

        with pytest.raises(OtherRole, match="'s-1' is reviewer, not finance; make a key of role"):
            shop.retour.staff.create_key("s-1", "finance", "desk")

    @on_one_database
    def test_nobody_unknown_or_gone_gets_one(self, shop: Shop) -> None:
        put(shop, is_active=False)

        for staff_id in ("s-1", "s-2"):
            with pytest.raises(UnknownStaff):
                shop.retour.staff.create_key(staff_id, "reviewer", "desk")

    @pytest.mark.parametrize("change", [{"is_active": False}, {"role": "finance"}])
    def test_it_ends_with_the_role_and_with_the_work(
        self, shop: Shop, change: dict[str, Any]
    ) -> None:
        put(shop)
        put(shop, "s-2")
        ended, stays = (
            shop.retour.staff.create_key(each, "reviewer", "desk") for each in ("s-1", "s-2")
        )

        put(shop, **change)

        with pytest.raises(NotAuthenticated, match="revoked"):
            shop.retour.keys.caller(ended)
        assert shop.retour.keys.caller(stays).staff_id == "s-2"

    def test_it_stays_while_the_role_does(self, shop: Shop) -> None:
        put(shop)
        key = shop.retour.staff.create_key("s-1", "reviewer", "desk")

        put(shop, capacity=1)

        assert shop.retour.keys.caller(key).role == "reviewer"


class TestCandidates:
    def test_those_of_a_role_who_work_here_stand_with_their_work_and_absence(
        self, shop: Shop
    ) -> None:
        put(shop, "s-1")
        put(shop, "s-2", is_active=False)
        put(shop, "s-3", role="finance")
        put(shop, "s-4", languages=["en"], capacity=2)
        put_absence(shop, "s-4")

        with shop.retour.context.db.read() as connection:
            lin, other = sorted(
                candidates(connection, "reviewer", {"s-1": 7}), key=lambda each: each.key
            )

        now = shop.clock.now()
        assert (lin.key, lin.open, lin.capacity, lin.languages) == ("s-1", 7, 20, {"en", "zh"})
        assert (other.key, other.open, other.capacity, other.languages) == ("s-4", 0, 2, {"en"})
        assert lin.is_present(now)
        assert not other.is_present(now)
        assert other.is_present(now + timedelta(days=7))
