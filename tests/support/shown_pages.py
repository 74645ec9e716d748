"""The dashboards as a real server, and a tab of a real browser."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

DESK: ViewportSize = {"width": 1280, "height": 1000}
_WAIT_MS = 20_000  # two cores may be busy with other tests
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


@contextmanager
def dashboards(folder: Path, service: str) -> Iterator[str]:
    """Where dashboards on the publication in `folder/var` answer; they reach the service at its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "RETOUR_VAR_DIR": str(folder / "var"),
        "RETOUR_DASHBOARD_PORT": str(port),
        "RETOUR_SERVICE_URL": service,
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


@contextmanager
def a_tab(chromium: str) -> Iterator[Page]:
    """A tab of a browser as wide as a desk's screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        tab = browser.new_page(viewport=DESK)
        tab.set_default_timeout(_WAIT_MS)
        expect.set_options(timeout=_WAIT_MS)
        yield tab
        expect.set_options(timeout=None)
        browser.close()


def open_page(tab: Page, address: str, name: str, **said: str) -> None:
    """Open a page by its URL and wait until all of it stands."""
    query = "&".join(f"{key}={word}" for key, word in said.items())
    tab.goto(f"{address}/{name}?{query}")
    stands(tab)


def stands(tab: Page) -> None:
    """Wait until all of a page stands."""
    expect(tab.get_by_test_id("stCaptionContainer").first).to_be_visible()
    expect(tab.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    places_kept = tab.get_by_test_id("stSkeleton")  # for what the browser has yet to load
    expect(places_kept).to_have_count(0)
