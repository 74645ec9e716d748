"""The pages as people see them: a real server, a real browser, on a desk and on a phone."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest
from buyers_service import BuyersService, buyers_service
from playwright.sync_api import Locator, Page, expect
from published_figures import figures, health
from published_shop import flags, problems, product_marts, write_marts
from shown_pages import DESK, a_tab, dashboards, open_page, stands

from dashboards.texts import chinese

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = {
    "": ("Overview", "概览"),
    "service_levels": ("Service levels", "服务水平"),
    "satisfaction": ("Satisfaction", "满意度"),
    "process": ("Process", "流程"),
    "money": ("Money", "费用与退款"),
    "problem_products": ("Problem products", "问题商品"),
    "automation": ("Automation & risk", "自动化与风险"),
    "data_health": ("Data health", "数据健康"),
}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuyersService]:
    """The service, in which the six products are flagged."""
    folder = tmp_path_factory.mktemp("service")
    with buyers_service(folder, *(f"SKU-{n}" for n in range(6))) as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, service: BuyersService) -> Iterator[str]:
    """Where dashboards with thirteen weeks of operations and six flagged products are served."""
    folder = tmp_path_factory.mktemp("shop")
    published = folder / "var" / "published"
    rows = problems(6)
    known = flags(rows).with_columns(
        flag_id=pl.col("sku").replace_strict(service.flag_ids, default="f-0")
    )
    write_marts(published, {**figures(), **product_marts(rows), "product_flags": known})
    write_marts(published / "health", health())
    with dashboards(folder, service.address) as where:
        yield where


@pytest.fixture(scope="module")
def tab(chromium: str) -> Iterator[Page]:
    with a_tab(chromium) as tab:
        yield tab


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def screen(tab: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The tab, as wide as a desk's screen and as a phone's."""
    tab.set_viewport_size(request.param)
    yield tab
    tab.set_viewport_size(DESK)


@pytest.fixture
def page(tab: Page, address: str) -> Page:
    """The page *Problem products*, its list shown."""
    open_page(tab, address, "problem_products", lang="en")
    return tab


def flagged(page: Page) -> Locator:
    """How many products are flagged."""
    return page.get_by_test_id("stMetricValue").nth(1)


class TestProblemProducts:
    def test_the_most_expensive_product_is_the_first_row(self, page: Page) -> None:
        expect(flagged(page)).to_have_text("6")
        first = page.locator("[class*=st-key-row-]").first
        expect(first.get_by_role("button", name="Thing number 5")).to_be_visible()
        expect(first.get_by_role("button", name="Claim from the supplier")).to_be_visible()

    def test_a_search_leaves_what_was_searched_for_and_can_be_shared(self, page: Page) -> None:
        search = page.get_by_role("textbox", name="Search")
        search.fill("number 2")
        search.press("Enter")

        expect(flagged(page)).to_have_text("1")
        expect(page).to_have_url(re.compile(r"q=number[+%20]+2"))

    def test_a_category_filters_the_list(self, page: Page) -> None:
        page.get_by_role("combobox", name="Category").click()
        page.get_by_role("option", name="Lamps").click()

        expect(flagged(page)).to_have_text("3")

    def test_a_row_opens_its_product_and_the_browsers_way_back_leads_to_the_list(
        self, page: Page
    ) -> None:
        page.get_by_role("button", name="搪瓷杯").click()

        expect(page.get_by_text(re.compile("搪瓷杯.*comes back 2.0 times"))).to_be_visible()
        expect(page).to_have_url(re.compile("sku=SKU-0"))
        drawn = page.locator("[data-testid=stVegaLiteChart]").locator("canvas, svg")
        expect(drawn.first).to_be_visible()
        page.go_back()
        expect(flagged(page)).to_have_text("6")

    def test_a_story_opens_at_its_beginning_and_fits_the_screen(
        self, screen: Page, address: str
    ) -> None:
        open_page(screen, address, "problem_products", lang="zh")

        screen.get_by_role("button", name="搪瓷杯").click()

        expect(screen.get_by_role("button", name="返回列表")).to_be_in_viewport()
        wide = screen.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]

    def test_the_list_can_be_taken_along(self, page: Page) -> None:
        rows = downloaded(page, 0)

        assert list(rows[0])[:4] == ["sku", "title", "category", "vendor"]
        assert len(rows) == 6

    def test_the_other_language_is_one_click_away_and_stays(self, page: Page) -> None:
        page.get_by_text("中文").click()
        expect(page.get_by_role("heading", name="问题商品")).to_be_visible()
        expect(page).to_have_url(re.compile("lang=zh"))  # the page is said before its address

        page.reload()

        expect(page.get_by_role("heading", name="问题商品")).to_be_visible()
        expect(page).to_have_url(re.compile("lang=zh"))


def said(tab: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(tab.url).query)


def chosen(tab: Page, word: str) -> None:
    """Choose one of a few words that stand side by side."""
    tab.get_by_text(word, exact=True).first.click()


def downloaded(tab: Page, place: int) -> list[dict[str, str]]:
    """The rows of the page's n-th CSV."""
    with tab.expect_download() as download:
        tab.get_by_test_id("stDownloadButton").nth(place).get_by_role("button").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", PAGES)
class TestEveryPage:
    def test_in_chinese_it_fits_the_screen_has_no_english_left_and_asks_nobody_outside(
        self, screen: Page, address: str, name: str
    ) -> None:
        asked: list[str] = []
        screen.on("request", lambda request: asked.append(request.url))

        open_page(screen, address, name, lang="zh")

        expect(screen.get_by_role("heading", name=PAGES[name][1]).first).to_be_visible()
        wide = screen.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        lines = {line.strip() for line in screen.inner_text("body").splitlines()}
        drawn = set(screen.locator("svg text").all_text_contents())
        assert (lines | drawn) & {text for text, said in chinese().items() if text != said} == set()
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []

    def test_no_choice_lies_beside_a_phones_screen(
        self, tab: Page, address: str, name: str
    ) -> None:
        tab.set_viewport_size(PHONE)

        for language in ("en", "zh"):
            open_page(tab, address, name, lang=language)

            shown = tab.get_by_role("radiogroup").all()
            assert shown
            hidden = [each for each in shown if each.evaluate("e => e.scrollWidth > e.clientWidth")]
            assert [each.inner_text() for each in hidden] == []
        tab.set_viewport_size(DESK)

    def test_the_other_language_keeps_the_page_and_what_was_chosen(
        self, tab: Page, address: str, name: str
    ) -> None:
        open_page(tab, address, name, lang="en", **CHOSEN.get(name, {}))

        tab.get_by_text("中文").click()

        expect(tab.get_by_role("heading", name=PAGES[name][1]).first).to_be_visible()
        stands(tab)
        assert urlsplit(tab.url).path == f"/{name}"
        assert said(tab) == {
            key: [word] for key, word in {"lang": "zh", **CHOSEN.get(name, {})}.items()
        }


CHOSEN = {
    "service_levels": {"period": "13w", "clock": "refund", "kind": "review", "due": "overdue"},
    "satisfaction": {
        "period": "own",
        "from": "2026-01-05",
        "to": "2026-02-15",
        "by": "reason",
        "score": "1",
    },
    "process": {"least": "5"},
    "money": {"period": "13w", "currency": "GBP"},
    "problem_products": {"q": "number"},
}


class TestJourneys:
    def test_a_buyer_names_the_first_action_takes_it_and_sees_what_became_of_it(
        self, tab: Page, address: str, service: BuyersService
    ) -> None:
        open_page(tab, address, "problem_products", lang="en")

        tab.locator("[class*=st-key-row-]").first.get_by_role(
            "button", name="Claim from the supplier"
        ).click()
        key = tab.get_by_role("textbox", name="Your API key")
        expect(key).to_have_attribute("type", "password")
        key.fill(service.keys["buyer"])
        tab.get_by_role("button", name="Use this key").click()
        tab.get_by_role("button", name="Tell that this is done").click()

        expect(tab.get_by_text("Answered. Lists and figures")).to_be_visible()
        expect(tab.get_by_text("Stands as acted on")).to_be_visible()
        assert service.steps("SKU-5") == ["flagged", "action_taken"]
        assert service.keys["buyer"] not in tab.url
        tab.get_by_role("button", name="Back to the list").click()
        expect(tab.get_by_text("To answer 5")).to_be_visible()

    def test_from_the_glance_to_what_is_late_and_whose_it_is(self, tab: Page, address: str) -> None:
        open_page(tab, address, "", lang="zh")

        tab.get_by_test_id("stPageLink").get_by_text("服务水平").click()
        expect(tab.get_by_role("heading", name="当前待办")).to_be_visible()
        tab.get_by_role("radio", name="仅超时").or_(tab.get_by_text("仅超时")).first.click()

        expect(tab.get_by_text(re.compile("3 项待办，其中 3 项已超时"))).to_be_visible()
        expect(tab).to_have_url(re.compile(r"service_levels\?.*due=overdue"))
        assert said(tab)["lang"] == ["zh"]

    def test_a_period_goes_along_to_the_next_page_and_back(self, tab: Page, address: str) -> None:
        open_page(tab, address, "service_levels", lang="en")
        tab.get_by_text("13 weeks", exact=True).click()
        expect(tab).to_have_url(re.compile("period=13w"))

        tab.get_by_role("link", name="Satisfaction").first.click()

        expect(tab.get_by_text("of 910 sent")).to_be_visible()
        expect(tab).to_have_url(re.compile(r"satisfaction\?.*period=13w"))
        tab.go_back()  # Streamlit puts the bare name of a page before it
        expect(tab).to_have_url(re.compile(r"satisfaction\?.*period=13w"))
        expect(tab.get_by_text("of 910 sent")).to_be_visible()
        tab.go_back()
        expect(tab).to_have_url(re.compile(r"service_levels\?.*period=13w"))
        expect(tab.get_by_role("radio", name="13 weeks")).to_be_checked()

    def test_the_browsers_way_back_leads_to_what_was_shown_and_so_does_its_address_opened_anew(
        self, tab: Page, address: str
    ) -> None:
        open_page(tab, address, "service_levels", lang="en")
        met = tab.get_by_test_id("stMetricValue").nth(1)
        four_weeks = met.inner_text()
        chosen(tab, "All days")
        expect(tab).to_have_url(re.compile("period=all$"))
        expect(met).not_to_have_text(four_weeks)
        all_days = met.inner_text()
        by_rule = tab.get_by_test_id("stMetricLabel").get_by_text("Decided by rule")
        expect(by_rule).to_be_visible()
        chosen(tab, "Refund")
        expect(tab).to_have_url(re.compile("clock=refund"))
        expect(by_rule).not_to_be_attached()

        tab.go_back()

        expect(by_rule).to_be_visible()
        expect(tab.get_by_role("radio", name="Decision")).to_be_checked()
        expect(met).to_have_text(all_days)
        assert said(tab) == {"lang": ["en"], "period": ["all"]}
        tab.go_back()
        expect(tab.get_by_role("radio", name="4 weeks")).to_be_checked()
        expect(met).to_have_text(four_weeks)
        assert said(tab) == {"lang": ["en"]}
        open_page(tab, address, "service_levels", lang="en", period="all")
        expect(met).to_have_text(all_days)

    def test_the_way_back_leads_through_languages_and_pages_as_they_were(
        self, tab: Page, address: str
    ) -> None:
        open_page(tab, address, "satisfaction", lang="en")
        tab.get_by_role("link", name="Service levels").first.click()
        expect(tab.get_by_role("heading", name="What waits now")).to_be_visible()
        expect(tab).to_have_url(re.compile(r"service_levels\?lang=en$"))
        tab.get_by_text("中文").click()
        expect(tab).to_have_url(re.compile("lang=zh"))

        tab.go_back()

        expect(tab.get_by_role("heading", name="What waits now")).to_be_visible()
        expect(tab.get_by_role("radio", name="English")).to_be_checked()
        tab.go_back()
        tab.go_back()
        expect(tab.get_by_role("heading", name="Satisfaction")).to_be_visible()
        expect(tab).to_have_url(re.compile(r"satisfaction\?lang=en$"))

    def test_what_is_taken_along_is_what_is_shown_in_either_language(
        self, tab: Page, address: str
    ) -> None:
        open_page(tab, address, "service_levels", lang="en")
        english = downloaded(tab, 0)
        open_page(tab, address, "service_levels", lang="zh")

        assert downloaded(tab, 0) == english
        decision = english[0]
        shown = [tab.get_by_test_id("stMetricValue").nth(place).inner_text() for place in (1, 2, 3)]
        assert [decision["met"], decision["breached"], decision["still_open"]] == shown
        assert decision["clock"] == "decision"

    def test_the_whole_queue_is_taken_along_as_it_is_filtered(
        self, tab: Page, address: str
    ) -> None:
        open_page(tab, address, "service_levels", lang="en", kind="review")

        rows = downloaded(tab, 3)

        assert [row["subject"] for row in rows] == ["R-1", "R-3", "R-5"]

    def test_costs_are_taken_along_as_the_mart_has_them(self, tab: Page, address: str) -> None:
        open_page(tab, address, "money", lang="zh", currency="GBP")

        rows = downloaded(tab, 1)

        assert [(row["kind"], row["currency"], row["amount_minor"]) for row in rows] == [
            ("refunds", "GBP", "9900")
        ]

    def test_a_figure_says_what_it_means_when_the_pointer_rests_on_it(
        self, tab: Page, address: str
    ) -> None:
        open_page(tab, address, "service_levels", lang="en")

        tab.get_by_test_id("stMetric").nth(1).get_by_test_id("stTooltipIcon").hover()

        expect(tab.get_by_text("what met is")).to_be_visible()

    def test_the_process_is_drawn_twice_and_rare_moves_can_be_hidden(
        self, tab: Page, address: str
    ) -> None:
        open_page(tab, address, "process", lang="en", least="0")
        graphs = tab.get_by_test_id("stGraphVizChart")
        expect(graphs.first.locator("g.edge")).to_have_count(12)
        expect(graphs.nth(1).locator("g.edge")).to_have_count(11)

        open_page(tab, address, "process", lang="en", least="20")

        expect(graphs.first.locator("g.edge")).to_have_count(6)
