"""Takes the README's picture of a running dashboard: `python docs/take_picture.py [ADDRESS] [FILE]`."""

import shutil
import sys

from playwright.sync_api import sync_playwright

ADDRESS = "http://127.0.0.1:8501/problem_products?lang=en"
FILE = "docs/pictures/problem-products.png"
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
_ALL_IS_DRAWN = "() => !document.querySelector('[data-testid=stSkeleton]')"


def take_picture(address: str, file: str, width: int = 1280, height: int = 1010) -> None:
    """Open the page in headless Chromium, wait until its list stands, and save what is seen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(_QUIET)
        )
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(address)
        page.wait_for_selector("[class*=st-key-row-]")
        page.wait_for_selector("[data-test-script-state=notRunning]")
        page.wait_for_function(_ALL_IS_DRAWN)
        page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)  # a pointer on the list would show its tools
        page.wait_for_timeout(1000)  # tables paint themselves on a canvas
        page.screenshot(path=file)
        browser.close()


if __name__ == "__main__":
    take_picture(*(sys.argv[1:] or [ADDRESS, FILE]))
