import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from house import House
from playwright.sync_api import expect, sync_playwright
from rivals import own_retour
from running_shop import PARTS, RunningShop, start
from workers import put

from dashboards.parts.waiting_work import SHOWN
from dashboards.publication import connect, read_publication
from dashboards.queries import service_levels
from service.platform.jobs import Job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
MINUTES_AT_MOST = 5  # from an event to the dashboards
DECIDED_BY_A_MODEL = ("authorized", "under_review")  # whichever it says of somebody new
WAITING_THEN = (("ship_by", "customer"), ("review", "reviewer"))  # for what, and whose turn it is
ROLES = ("shop", "storefront", "reviewer", "inspector", "finance")


class Staff(House):
    """Customers and staff of a shop that runs elsewhere, each with a key of their own."""

    def __init__(self, shop: RunningShop) -> None:
        self.client = httpx.Client(base_url=shop.url("service"), timeout=30)  # type: ignore[assignment]  # what a test client is
        self._keys = {
            role: shop.retour("keys", "create", "--role", role, "--name", role).strip()
            for role in ROLES
        }
        self._tokens = {}

    def begin_reviewed(self, sku: str, order_id: str) -> str:
        """A return of two of three, long after every window, so that a reviewer decides; its RMA."""
        now = datetime.now(UTC)
        lines = [{"line_no": 1, "sku": sku, "quantity": 3, "unit_price_minor": 500}]
        placed = {"customer": order_id, "placed_at": (now - timedelta(days=70)).isoformat()}
        delivered_at = (now - timedelta(days=65)).isoformat()
        assert self.put_order(order_id, lines=lines, **placed).status_code == 201
        assert self.put_parcel(order_id, delivered_at=delivered_at).status_code == 201
        answer = self.apply(2, order_id=order_id, customer=order_id)
        assert answer.json()["state"] == "under_review", answer.text
        self.rma = str(answer.json()["rma"])
        return self.rma


@pytest.fixture(scope="module")
def decided(running: RunningShop) -> dict[str, str]:
    """Two returns on which staff worked over HTTP, and a refresh after that."""
    with Staff(running) as staff:
        assert staff.put_product("WORKED", title="A worked-on thing").is_success
        rmas = {"declined": staff.begin_reviewed("WORKED", "WORKED-1")}
        staff.does("reviewer", "decision", decision="decline", reason_code="outside_policy")

        rmas["authorized"] = staff.begin_reviewed("WORKED", "WORKED-2")
        staff.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        findings = [
            {"outcome": "passed", "quantity": 1, "grade": "A"},
            {"outcome": "short", "quantity": 1},
        ]
        staff.arrive().does("inspector", "inspections", line_no=1, depth="full", findings=findings)
        staff.pays()

    running.retour("refresh")
    return rmas


class TestWholeLoop:
    def test_a_practice_shop_has_problem_products_from_the_start(
        self, running: RunningShop
    ) -> None:
        assert running.query("select count(*) from problem_skus where status = 'flagged'") > [(0,)]

    def test_a_return_posted_to_the_running_service_is_published_by_the_next_refresh(
        self, running: RunningShop
    ) -> None:
        rma = post_return(running)
        assert running.query(f"select 1 from return_lines where rma = '{rma}'") == []

        running.retour("refresh")

        assert running.query(
            f"select sku, quantity, reason from return_lines where rma = '{rma}'"
        ) == [("LOOP-1", 1, "defect")]
        assert running.query(
            "select sum(units_sold), sum(units_returned) from sku_weekly where sku = 'LOOP-1'"
        ) == [(2, 1)]

    def test_a_return_shows_in_service_levels_without_a_hand(self, running: RunningShop) -> None:
        rma = post_return(running, sku="LOOP-3", order_id="LOOP-ORDER-3")
        posted_at = time.monotonic()

        while not (shown := shown_in_service_levels(running, rma)):
            assert time.monotonic() < posted_at + MINUTES_AT_MOST * 60, "nobody refreshed"
            time.sleep(1)

        (waiting,) = shown
        assert (waiting["kind"], waiting["owner_role"]) in WAITING_THEN
        assert (waiting["rma"], waiting["value_minor"], waiting["currency"]) == (rma, 500, "EUR")
        assert not waiting["is_overdue"]
        ((status, kind),) = running.query(
            f"select status, kind from return_lifecycle where rma = '{rma}'"
        )
        assert status in DECIDED_BY_A_MODEL
        assert kind == "return"

    @pytest.mark.browser
    def test_a_return_is_on_the_open_page_after_the_next_refresh(
        self, running: RunningShop, chromium: str
    ) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
            page = browser.new_page()
            page.goto(f"{running.url('dashboard')}/problem_products?lang=en&q=LOOP-2")
            expect(page.get_by_text("No product has such a number")).to_be_visible(timeout=60_000)
            post_return(running, sku="LOOP-2", order_id="LOOP-ORDER-2")

            running.retour("refresh")
            page.reload()

            expect(page.get_by_text("2 units sold; returns: 1")).to_be_visible(timeout=60_000)
            browser.close()

    def test_what_staff_decide_find_and_pay_is_published_by_the_next_refresh(
        self, running: RunningShop, decided: dict[str, str]
    ) -> None:
        told = running.query(
            f"""select quantity, decision, decision_mode, outcome, grade, disposition, refund_minor
                from return_lines where rma = '{decided["authorized"]}' order by outcome"""
        )

        assert told == [
            (1, "authorized", "reviewer", "passed", "A", "restock", 500),
            (1, "authorized", "reviewer", "short", None, None, 0),
        ]
        assert running.query(
            f"""select quantity, decision, decision_mode, outcome, refund_minor
                from return_lines where rma = '{decided["declined"]}'"""
        ) == [(2, "declined", "reviewer", None, 0)]

    @pytest.mark.browser
    def test_a_product_whose_returns_were_worked_on_tells_its_story(
        self, running: RunningShop, decided: dict[str, str], chromium: str
    ) -> None:
        assert decided
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
            page = browser.new_page()

            page.goto(f"{running.url('dashboard')}/problem_products?lang=en&q=WORKED")

            expect(page.get_by_text("A worked-on thing")).to_be_visible(timeout=60_000)
            expect(page.get_by_text("6 units sold; returns: 2")).to_be_visible(timeout=60_000)
            page.goto(f"{running.url('dashboard')}/problem_products?lang=zh&q=WORKED")
            expect(page.get_by_text("售出 6 件；退货 2 次")).to_be_visible(timeout=60_000)
            browser.close()

    def test_every_part_answers(self, running: RunningShop) -> None:
        assert httpx.get(f"{running.url('service')}/docs").status_code == 200
        assert httpx.get(f"{running.url('dashboard')}/_stcore/health").text == "ok"
        assert "dagster_version" in httpx.get(f"{running.url('dagster')}/server_info").json()

    def test_the_worker_works_off_what_is_put(self, running: RunningShop) -> None:
        shop = own_retour(f"sqlite:///{running.folder / 'var' / 'retour.db'}")
        put(shop, Job("nobodys", "R1", datetime.now(UTC)))

        deadline = time.monotonic() + 60
        while not (parked := shop.jobs.entries(only_parked=True)) and time.monotonic() < deadline:
            time.sleep(0.1)

        assert [each.kind for each in parked] == ["nobodys"]
        assert "is parked" in (running.folder / "var" / "logs" / "worker.log").read_text()

    def test_a_second_run_on_the_same_ports_names_the_port_and_the_setting(
        self, running: RunningShop, tmp_path: Path
    ) -> None:
        second = start(tmp_path, running.ports)

        said, _ = second.communicate(timeout=120)

        assert second.returncode == 1
        assert f"port {running.ports['service']}" in said
        assert "RETOUR_SERVICE_PORT" in said
        assert "Traceback" not in said

    def test_ctrl_c_ends_everything_cleanly(self, running: RunningShop) -> None:
        children = _descendants(running.process.pid)
        assert len(children) >= len(PARTS)

        running.process.send_signal(signal.SIGINT)
        said, _ = running.process.communicate(timeout=60)

        assert running.process.returncode == 0, said
        assert "Traceback" not in said
        assert [pid for pid in children if _is_alive(pid)] == []


def post_return(shop: RunningShop, *, sku: str = "LOOP-1", order_id: str = "LOOP-ORDER") -> str:
    shop_key = shop.retour("keys", "create", "--role", "shop", "--name", "test").strip()
    storefront_key = shop.retour("keys", "create", "--role", "storefront", "--name", "t").strip()
    now = datetime.now(UTC)
    with httpx.Client(base_url=shop.url("service"), timeout=30) as client:
        client.headers["Authorization"] = f"Bearer {shop_key}"
        _sent(client.put(f"/v1/products/{sku}", json={"title": "A loop", "currency": "EUR"}))
        order = {
            "customer": "somebody",
            "currency": "EUR",
            "placed_at": (now - timedelta(days=5)).isoformat(),
            "lines": [{"line_no": 1, "sku": sku, "quantity": 2, "unit_price_minor": 500}],
        }
        _sent(client.put(f"/v1/orders/{order_id}", json=order))
        parcel = {
            "delivered_at": (now - timedelta(days=3)).isoformat(),
            "lines": [{"line_no": 1, "quantity": 2}],
        }
        _sent(client.put(f"/v1/orders/{order_id}/deliveries/1", json=parcel))
        client.headers["Authorization"] = f"Bearer {storefront_key}"
        lines = [{"line_no": 1, "quantity": 1, "reason": "defect"}]
        request = {"order_id": order_id, "customer": "somebody", "lines": lines}
        answer = _sent(client.post("/v1/returns", json=request))
        client.headers["Retour-Customer"] = str(answer["customer_token"])
        shown = _sent(client.get(f"/v1/returns/{answer['rma']}"))
    assert shown["state"] in DECIDED_BY_A_MODEL
    return str(answer["rma"])


def shown_in_service_levels(shop: RunningShop, rma: str) -> list[dict[str, object]]:
    """The return's rows in the page's table of what waits, for whoever asks what waits of its kind."""
    connection = connect(read_publication(shop.folder / "var" / "published"))
    return [
        row
        for kind, owner_role in WAITING_THEN
        for row in service_levels.queue(
            connection, service_levels.Queue(kind, owner_role), SHOWN
        ).iter_rows(named=True)
        if row["subject"] == rma
    ]


def _sent(answer: httpx.Response) -> dict[str, object]:
    assert answer.is_success, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    direct = [int(each) for each in children.read_text().split()] if children.exists() else []
    return direct + [each for child in direct for each in _descendants(child)]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
