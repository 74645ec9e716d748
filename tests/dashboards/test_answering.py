"""A buyer answers flags from the dashboard, by a service that really runs."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from buyers_service import BuyersService, buyers_service
from published_shop import PublishMarts, Visit, cases, family, flags, problems, product_marts
from streamlit.testing.v1 import AppTest

from dashboards.service_api import Refused, Service
from service.domain.events import Actor
from service.flags.schemas import DismissBody

PAGE = "problem_products"
SKUS = ("SKU-0", "SKU-1", "SKU-2")


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BuyersService]:
    with buyers_service(tmp_path, *SKUS) as running:
        monkeypatch.setenv("RETOUR_SERVICE_URL", running.address)
        yield running


@pytest.fixture
def client(service: BuyersService) -> Service:
    return Service(service.address, service.keys["buyer"])


@pytest.fixture
def published(publish_marts: PublishMarts, service: BuyersService) -> None:
    publish_flags(publish_marts, service, problems(3))


def publish_flags(publish_marts: PublishMarts, service: BuyersService, rows: pl.DataFrame) -> None:
    """The marts of these products, with the flags that the service knows."""
    known = flags(rows).with_columns(
        flag_id=pl.col("sku").replace_strict(service.flag_ids, default="f-0")
    )
    publish_marts({**product_marts(rows), "product_flags": known, "cases_daily": cases()})


def give_key(page: AppTest, key: str) -> AppTest:
    page.text_input(key="key typed").set_value(key)
    return press(page, "Use this key")


def press(page: AppTest, label: str) -> AppTest:
    pressed = next(each for each in page.button if each.label == label).click().run()
    assert not pressed.exception
    return pressed


def said(page: AppTest) -> str:
    kinds = (page.success, page.error, page.info, page.markdown, page.caption)
    return "\n".join(each.value for kind in kinds for each in kind)


@pytest.mark.usefixtures("published")
class TestAnswering:
    def test_an_action_is_taken_with_the_buyer_s_own_key_and_shows_at_once(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["buyer"])
        assert "Stands as **not answered**" in said(page)

        page.selectbox(key=f"action {service.flag_ids['SKU-1']}").set_value("size_note").run()
        page.text_input(key=f"note {service.flag_ids['SKU-1']}").set_value("Runs *small*").run()
        press(page, "Tell that this is done")

        assert "after the next refresh" in page.success[0].value
        assert "Stands as **acted on** · whose: **s\\-1**" in said(page)
        assert "Add a size note · s\\-1 · Runs \\*small\\*" in said(page)
        assert service.status("SKU-1") == "acted"
        press(page, "Back to the list")
        assert [each.key for each in page.button if str(each.key).startswith("open ")] == [
            "open SKU-2",
            "open SKU-0",
        ]

    def test_the_proposed_action_is_the_one_that_is_chosen(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["buyer"])

        press(page, "Tell that this is done")

        told = service.retour.flags.story(service.flag_ids["SKU-1"]).history[-1]
        assert (told.action, told.by) == ("supplier_claim", "s-1")

    def test_a_flag_is_acknowledged_assigned_and_dismissed_with_a_reason(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-0"), service.keys["buyer"])

        press(page, "I look into it")
        press(page, "Assign it to me")
        page.selectbox(key=f"reason {service.flag_ids['SKU-0']}").set_value("too_small").run()
        press(page, "Dismiss")

        assert service.steps("SKU-0") == ["flagged", "acknowledged", "assigned", "dismissed"]
        assert service.retour.flags.get(service.flag_ids["SKU-0"]).owner == "s-1"
        assert "too small to matter" in said(page)

    def test_the_key_stands_in_no_url_and_can_be_forgotten(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["buyer"])
        assert service.keys["buyer"] not in str(page.query_params)
        assert service.keys["buyer"] in repr(page.session_state)

        press(page, "Forget my key")

        assert page.text_input(key="key typed").value == ""
        assert service.keys["buyer"] not in repr(page.session_state)

    @pytest.mark.parametrize("key", ["wrong", "schlüssel", "line\nbreak"])
    def test_a_key_that_is_not_known_is_said_to_be(self, visit: Visit, key: str) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), key)

        assert "does not know this key" in page.error[0].value
        assert page.text_input(key="key typed").value == ""

    def test_a_key_of_another_role_may_not(self, visit: Visit, service: BuyersService) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["carrier"])

        assert "may not do that" in page.error[0].value

    def test_a_key_that_may_only_read_answers_nothing(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["shop"])

        press(page, "Tell that this is done")

        assert "may not do that" in page.error[0].value
        assert service.status("SKU-1") == "flagged"

    def test_a_key_that_was_revoked_meanwhile_is_asked_for_again(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["buyer"])
        for entry in service.retour.keys.entries():
            service.retour.keys.revoke(entry.key_id)

        page.run()

        assert not page.exception
        assert "does not know this key" in page.error[0].value
        assert page.text_input(key="key typed").value == ""

    def test_of_two_buyers_the_slower_one_sees_what_the_other_did(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["buyer"])
        service.retour.flags.dismiss(
            service.flag_ids["SKU-1"],
            DismissBody(version=1, reason="expected"),
            Actor("buyer", "s-2"),
        )

        press(page, "Tell that this is done")

        assert "Somebody was quicker" in page.error[0].value
        assert "Stands as **dismissed**" in said(page)
        assert service.steps("SKU-1") == ["flagged", "dismissed"]

    def test_without_the_service_the_page_stays_and_says_so(
        self, visit: Visit, service: BuyersService
    ) -> None:
        page = give_key(visit(PAGE, sku="SKU-1"), service.keys["buyer"])
        service.stop()

        page.run()

        assert not page.exception
        assert "cannot be reached" in page.error[0].value
        assert "comes back 3.0 times" in page.code[0].value

    def test_in_chinese_nothing_stays_english(self, visit: Visit, service: BuyersService) -> None:
        page = visit(PAGE, sku="SKU-1", lang="zh")
        page.text_input(key="key typed").set_value(service.keys["buyer"])
        press(page, "使用此密钥")

        press(page, "登记措施")

        assert "已提交" in page.success[0].value
        assert "状态：**已处理**" in said(page)


def test_one_answer_counts_for_all_sizes_that_share_a_problem(
    publish_marts: PublishMarts, visit: Visit, service: BuyersService
) -> None:
    publish_flags(publish_marts, service, family(3))
    page = give_key(visit(PAGE, sku="SKU-0"), service.keys["buyer"])
    assert "counts for all 3 variants" in said(page)

    press(page, "Tell that this is done")

    assert [service.status(sku) for sku in SKUS] == ["acted"] * 3


class TestService:
    def test_the_same_answer_sent_twice_is_done_once(
        self, client: Service, service: BuyersService
    ) -> None:
        seen = client.flag(service.flag_ids["SKU-0"])

        first = client.answer(seen, "action", action="size_note")
        second = client.answer(seen, "action", action="size_note")

        assert first == second
        assert service.steps("SKU-0") == ["flagged", "action_taken"]

    def test_another_answer_to_what_was_seen_before_is_refused(
        self, client: Service, service: BuyersService
    ) -> None:
        seen = client.flag(service.flag_ids["SKU-0"])
        client.answer(seen, "action", action="size_note")

        with pytest.raises(Refused) as refused:
            client.answer(seen, "action", action="stop_buying")

        assert refused.value.fault == "changed"

    def test_a_key_of_nobody_cannot_be_assigned_to(self, service: BuyersService) -> None:
        nobody = Service(service.address, service.retour.keys.create("buyer", "nobody's"))

        with pytest.raises(Refused) as refused:
            nobody.answer(nobody.flag(service.flag_ids["SKU-0"]), "assignment")

        assert refused.value.fault == "no_buyer"

    def test_an_unknown_flag_is_refused_whatever_its_name_holds(self, client: Service) -> None:
        with pytest.raises(Refused) as refused:
            client.flag("../staff?x=1")

        assert refused.value.fault == "unfit"

    @pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://[::1", "http://127.0.0.1:x"])
    def test_where_nobody_answers_it_says_so(self, address: str) -> None:
        with pytest.raises(Refused) as refused:
            Service(address, "key").check()

        assert refused.value.fault == "unreachable"
        assert address in str(refused.value)

    def test_an_answer_that_is_no_json_is_no_answer(self, service: BuyersService) -> None:
        with pytest.raises(Refused) as refused:
            Service(f"{service.address}/docs#", service.keys["buyer"]).check()

        assert refused.value.fault in ("unreachable", "unfit")
