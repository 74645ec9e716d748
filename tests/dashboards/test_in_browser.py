"""The page as a merchandiser sees it: a real server, a real browser."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from published_shop import problems, write_publication

pytestmark = [pytest.mark.slow, pytest.mark.browser]

LIST_ROW_PX = 35
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a dashboard with six flagged products is served."""
    folder = tmp_path_factory.mktemp("shop")
    write_publication(folder / "var" / "published", problems(6))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "RETOUR_VAR_DIR": str(folder / "var"),
        "RETOUR_DASHBOARD_PORT": str(port),
    }
    process = subprocess.Popen(
        [Path(sys.executable).with_name("retour"), "dashboard"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_up(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_up(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/_stcore/health", timeout=5).text == "ok":
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("the dashboard did not answer within a minute")


@pytest.fixture(scope="module")
def tab(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        tab = browser.new_page(viewport={"width": 1280, "height": 1000})
        tab.set_default_timeout(15_000)
        yield tab
        browser.close()


@pytest.fixture
def page(tab: Page, address: str) -> Page:
    """The page, its charts drawn."""
    tab.goto(f"{address}/?lang=en")
    drawn = tab.locator("[data-testid=stVegaLiteChart]").locator("canvas, svg")
    expect(drawn.first).to_be_visible(timeout=20_000)
    return tab


def flagged(page: Page) -> str:
    return page.get_by_test_id("stMetricValue").first.inner_text()


class TestPage:
    def test_the_most_expensive_product_is_told_first(self, page: Page) -> None:
        assert flagged(page) == "6"
        expect(page.get_by_text(re.compile("Thing number 5.*came back 7.0 times"))).to_be_visible()

    def test_a_search_leaves_what_was_searched_for_and_can_be_shared(self, page: Page) -> None:
        search = page.get_by_role("textbox", name="Search")
        search.fill("number 2")
        search.press("Enter")

        expect(page.get_by_test_id("stMetricValue").first).to_have_text("1")
        expect(page).to_have_url(re.compile(r"q=number[+%20]+2"))

    def test_a_category_filters_the_list(self, page: Page) -> None:
        page.get_by_role("combobox", name="Category").click()
        page.get_by_role("option", name="Lamps").click()

        expect(page.get_by_test_id("stMetricValue").first).to_have_text("3")

    def test_a_row_opens_its_product(self, page: Page) -> None:
        rows = page.get_by_test_id("stDataFrame").bounding_box()
        assert rows

        page.mouse.click(rows["x"] + 18, rows["y"] + 38 + 5.5 * LIST_ROW_PX)  # the last row's box

        expect(page.get_by_text(re.compile("搪瓷杯.*came back 2.0 times"))).to_be_visible()
        expect(page).to_have_url(re.compile("sku=SKU-0"))

    def test_the_list_can_be_taken_along(self, page: Page) -> None:
        with page.expect_download() as download:
            page.get_by_test_id("stDownloadButton").click()

        lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert lines[0].startswith("sku,title,category,vendor")
        assert len(lines) == 1 + 6

    def test_the_other_language_is_one_click_away_and_stays(self, page: Page) -> None:
        page.get_by_text("中文").click()
        expect(page.get_by_role("heading", name="问题商品")).to_be_visible()

        page.reload()

        expect(page.get_by_role("heading", name="问题商品")).to_be_visible()
        expect(page).to_have_url(re.compile("lang=zh"))

    def test_on_a_phone_nothing_is_wider_than_the_screen(self, page: Page) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        try:
            expect(page.get_by_role("heading", name="Problem products")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        finally:
            page.set_viewport_size({"width": 1280, "height": 1000})
