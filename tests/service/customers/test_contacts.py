import re
from typing import Any

import pytest
from service_shop import Shop
from sqlalchemy import Row, select

from service.customers.contacts import mail_sha256
from service.customers.repository import contacts

ANNA = "Anna@Example.com"


def contact(shop: Shop) -> Row[Any] | None:
    with shop.retour.context.db.read() as connection:
        return connection.execute(select(contacts)).one_or_none()


class TestContacts:
    def test_an_order_tells_how_its_customer_is_reached(self, shop: Shop) -> None:
        shop.put_order(email=f" {ANNA} ", language="zh")

        found = contact(shop)
        assert found is not None
        assert (found.email, found.language) == (ANNA, "zh")
        assert re.fullmatch("[0-9a-f]{64}", found.mail_hash)

    def test_nothing_told_is_nothing_kept(self, shop: Shop) -> None:
        shop.put_order()

        assert contact(shop) is None

    def test_the_newest_word_counts_and_what_is_not_told_stays(self, shop: Shop) -> None:
        shop.put_order(email="old@example.com", language="zh")

        again = shop.put_order(email=ANNA)
        other = shop.put_order("A-2", language="en")

        assert (again.status_code, other.status_code) == (200, 201)
        found = contact(shop)
        assert found is not None
        assert (found.email, found.language) == (ANNA, "en")

    def test_an_order_that_is_refused_tells_nothing(self, shop: Shop) -> None:
        shop.put_order(email=ANNA)

        shop.put_order(email="mallory@example.com", currency="GBP")

        found = contact(shop)
        assert found is not None
        assert found.email == ANNA

    def test_no_event_knows_the_address(self, shop: Shop) -> None:
        shop.put_order(email=ANNA, customer="c-1", language="zh")

        recorded = " ".join(str(event) for event in shop.retour.read_log(0, 10)).lower()

        found = contact(shop)
        assert found is not None
        for told in ("example.com", found.mail_hash, mail_sha256(ANNA)):
            assert told not in recorded


@pytest.mark.parametrize("written", ["anna@example.com", " ANNA@example.com\n"])
def test_an_address_has_one_hash_however_it_is_written(written: str) -> None:
    assert mail_sha256(written) == mail_sha256(ANNA)
