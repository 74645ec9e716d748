"""A buyer reads what customers wrote of a flagged product; each reading is noted, and what was erased is gone."""

from datetime import timedelta
from typing import Any

import pytest
from flagging import hire, raise_flag
from service_shop import Shop, problem
from sqlalchemy import select

from service.platform import texts
from service.platform.access import access_log
from service.returns.repository import return_lines, returns
from service.surveys.repository import surveys

SINCE = "2026-01-05"


def wrote(
    shop: Shop, rma: str, body: str, *skus: str, kind: str = "comment", days: int = 0, **more: Any
) -> str:
    """A customer sent these products back and wrote of it, so many days ago; the text's reference."""
    moment = shop.clock.now() - timedelta(days=days)
    head = {"rma": rma, "currency": "EUR", "requested_at_us": 1}
    with shop.retour.context.db.write() as connection:
        connection.execute(returns.insert(), head)
        for line_no, sku in enumerate(skus or ("MUG",), 1):
            line = {"rma": rma, "line_no": line_no, "sku": sku, "quantity": 1, "value_minor": 1}
            states = {"authorization_state": "authorized", "resolution_state": "pending"}
            connection.execute(return_lines.insert(), {**line, **states, "reason": "defect"})
        asked = {"rma": rma, "sent_at_us": 1, "answered_at_us": 2, "csat": 2}
        connection.execute(surveys.insert(), asked)
        written = texts.StoredText(body, kind, moment, rma=rma, **more)
        return texts.write(connection, shop.retour.context.ids, written)


def comments(shop: Shop, flag_id: str) -> list[dict[str, Any]]:
    answered = shop.call("buyer", "GET", f"/v1/flags/{flag_id}/comments")
    assert answered.status_code == 200, answered.text
    told: list[dict[str, Any]] = answered.json()
    return told


def bodies(shop: Shop, flag_id: str) -> list[str]:
    return [each["body"] for each in comments(shop, flag_id)]


def readings(shop: Shop) -> list[tuple[object, ...]]:
    with shop.retour.context.db.read() as connection:
        asked = select(access_log.c.staff_id, access_log.c.what, access_log.c.subject)
        return [tuple(row) for row in connection.execute(asked)]


class TestComments:
    def test_are_told_with_what_the_return_was_like_and_nothing_of_who_wrote(
        self, shop: Shop
    ) -> None:
        flag = raise_flag(shop, since=SINCE)
        wrote(shop, "R1", "把手断了", language="zh", customer_key="cus_1")

        (told,) = comments(shop, flag.id)

        assert told == {
            "kind": "comment",
            "body": "把手断了",
            "language": "zh",
            "written_at": shop.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "csat": 2,
            "reason": "defect",
        }

    def test_the_five_newest_are_told(self, shop: Shop) -> None:
        flag = raise_flag(shop, since=SINCE)
        for number in range(7):
            wrote(shop, f"R{number}", f"after {number}", days=10 - number)

        assert bodies(shop, flag.id) == [f"after {number}" for number in (6, 5, 4, 3, 2)]

    def test_those_of_before_of_other_goods_and_of_other_kinds_are_not(self, shop: Shop) -> None:
        flag = raise_flag(shop, since=SINCE)
        wrote(shop, "R1", "long ago", days=400)
        wrote(shop, "R2", "a pot", "POT")
        wrote(shop, "R3", "an answer to a reviewer", kind="answer")
        wrote(shop, "R4", "a case of its own", kind="complaint")

        (told,) = comments(shop, flag.id)

        assert (told["body"], told["csat"]) == ("a case of its own", None)

    def test_a_return_of_the_product_twice_is_one_comment(self, shop: Shop) -> None:
        flag = raise_flag(shop, since=SINCE)
        wrote(shop, "R1", "both broke", "MUG", "MUG", "POT")

        assert bodies(shop, flag.id) == ["both broke"]

    def test_those_of_a_flagged_sister_are_among_them_and_others_are_not(self, shop: Shop) -> None:
        for sku in ("MUG", "MUG-RED", "MUG-BLUE"):
            shop.put_product(sku, parent="MUGS")
        flag = raise_flag(shop, since=SINCE)
        raise_flag(shop, "MUG-RED", since=SINCE)
        wrote(shop, "R1", "red", "MUG-RED")
        wrote(shop, "R2", "blue", "MUG-BLUE")

        assert bodies(shop, flag.id) == ["red"]

    def test_what_was_erased_is_missing(self, shop: Shop) -> None:
        flag = raise_flag(shop, since=SINCE)
        wrote(shop, "R1", "anna was here", customer_key="cus_1")
        wrote(shop, "R2", "still here", customer_key="cus_2")
        with shop.retour.context.db.write() as connection:
            texts.erase_of(connection, "cus_1")

        assert bodies(shop, flag.id) == ["still here"]

    def test_each_reading_is_noted_with_the_buyer_who_read(self, shop: Shop) -> None:
        hire(shop)
        flag = raise_flag(shop, since=SINCE)
        refs = {wrote(shop, rma, "broke") for rma in ("R1", "R2")}
        key = shop.retour.staff.create_key("s-1", "buyer", "desk")

        headers = {"Authorization": f"Bearer {key}"}
        shop.client.get(f"/v1/flags/{flag.id}/comments", headers=headers)

        assert {(staff_id, what) for staff_id, what, _ in readings(shop)} == {("s-1", "text")}
        assert {subject for *_, subject in readings(shop)} == refs

    @pytest.mark.parametrize("role", ["shop", "reviewer", "after_sales"])
    def test_others_do_not_read_them_and_nothing_is_noted(self, shop: Shop, role: str) -> None:
        flag = raise_flag(shop, since=SINCE)
        wrote(shop, "R1", "broke")

        answered = shop.call(role, "GET", f"/v1/flags/{flag.id}/comments")

        problem(answered, 403, "not-allowed")
        assert readings(shop) == []

    def test_of_a_flag_that_nobody_raised_there_are_none(self, shop: Shop) -> None:
        problem(shop.call("buyer", "GET", "/v1/flags/f/comments"), 404, "unknown-flag")
