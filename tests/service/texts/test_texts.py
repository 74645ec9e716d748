from dataclasses import replace
from datetime import UTC, datetime

import pytest
from service_shop import Shop
from sqlalchemy import select

from service.platform import texts
from service.platform.access import access_log
from service.platform.clock import to_us

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXT = texts.StoredText("它碎了 \U0001f622\nit broke", "message", NOON, "cus_1", "R1", "c-1", "zh")


@pytest.fixture
def text_ref(shop: Shop) -> str:
    """A text that somebody wrote."""
    with shop.retour.context.db.write() as connection:
        return texts.write(connection, shop.retour.context.ids, TEXT)


def accesses(shop: Shop) -> list[tuple[object, ...]]:
    with shop.retour.context.db.read() as connection:
        return [tuple(row) for row in connection.execute(select(access_log))]


class TestTexts:
    def test_a_text_is_read_as_it_was_written(self, shop: Shop, text_ref: str) -> None:
        with shop.retour.context.db.read() as connection:
            assert texts.read(connection, text_ref) == TEXT

    def test_its_reference_says_nothing_and_no_event_holds_it(
        self, shop: Shop, text_ref: str
    ) -> None:
        assert text_ref.startswith("txt_")
        assert shop.types() == []

    def test_an_unknown_reference_is_told_with_what_it_may_be(self, shop: Shop) -> None:
        with (
            shop.retour.context.db.read() as connection,
            pytest.raises(texts.UnknownText, match="mistyped, or the text was erased"),
        ):
            texts.read(connection, "txt_404")


class TestGetText:
    def test_staff_read_it_and_it_is_noted_who_did(self, shop: Shop, text_ref: str) -> None:
        member = {"role": "reviewer", "name": "Lin", "languages": ["zh"], "capacity": 5}
        shop.call("admin", "PUT", "/v1/staff/s-1", json=member)
        key = shop.retour.staff.create_key("s-1", "reviewer", "desk")

        headers = {"Authorization": f"Bearer {key}"}
        answer = shop.client.get(f"/v1/texts/{text_ref}", headers=headers)

        assert answer.json() == {
            "text_ref": text_ref,
            "kind": "message",
            "body": TEXT.body,
            "language": "zh",
            "written_at": "2026-03-02T12:00:00Z",
            "rma": "R1",
            "case_id": "c-1",
        }
        key_id = shop.retour.keys.caller(key).key_id
        assert accesses(shop) == [(to_us(NOON), key_id, "s-1", "text", text_ref)]

    def test_each_reading_is_noted(self, shop: Shop, text_ref: str) -> None:
        for role in ("reviewer", "after_sales", "after_sales"):
            assert shop.call(role, "GET", f"/v1/texts/{text_ref}").status_code == 200

        assert len(accesses(shop)) == 3

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        "role", ["shop", "storefront", "carrier", "inspector", "finance", "buyer"]
    )
    def test_others_do_not_read_it_and_nothing_is_noted(
        self, shop: Shop, text_ref: str, role: str
    ) -> None:
        assert shop.call(role, "GET", f"/v1/texts/{text_ref}").status_code == 403
        assert accesses(shop) == []

    def test_what_is_not_there_is_not_noted(self, shop: Shop) -> None:
        assert shop.call("reviewer", "GET", "/v1/texts/txt_404").status_code == 404
        assert accesses(shop) == []


class TestForAnalysis:
    def test_words_are_told_by_reference_and_the_reading_is_noted_once(
        self, shop: Shop, text_ref: str
    ) -> None:
        told = shop.retour.texts.for_analysis([text_ref, "txt_404"], "retour/pipeline", "phrases")

        assert told == {text_ref: texts.Words(TEXT.body, "zh")}
        assert accesses(shop) == [(to_us(NOON), "retour/pipeline", None, "texts", "phrases: 1")]

    def test_nothing_asked_is_nothing_read(self, shop: Shop) -> None:
        assert shop.retour.texts.for_analysis([], "retour/pipeline", "phrases") == {}
        assert accesses(shop) == []

    def test_what_was_erased_is_missing(self, shop: Shop, text_ref: str) -> None:
        with shop.retour.context.db.write() as connection:
            texts.erase_of(connection, "cus_1")

        assert shop.retour.texts.for_analysis([text_ref], "retour/pipeline", "phrases") == {}

    def test_more_texts_than_one_statement_takes_are_read(self, shop: Shop) -> None:
        with shop.retour.context.db.write() as connection:
            refs = [texts.write(connection, shop.retour.context.ids, TEXT) for _ in range(1_001)]

        assert set(shop.retour.texts.for_analysis(refs, "retour/pipeline", "phrases")) == set(refs)

    def test_the_number_of_texts_about_goods_falls_with_an_erasure(self, shop: Shop) -> None:
        with shop.retour.context.db.write() as connection:
            for kind in ("comment", "safety", "message"):
                texts.write(connection, shop.retour.context.ids, replace(TEXT, kind=kind))
        assert shop.retour.texts.count_on_goods() == 2

        with shop.retour.context.db.write() as connection:
            texts.erase_of(connection, "cus_1")

        assert shop.retour.texts.count_on_goods() == 0
