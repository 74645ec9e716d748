import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright
from service_shop import ORDER, PARCEL

RETOUR = str(Path(sys.executable).with_name("retour"))


@dataclass(frozen=True)
class Server:
    """`retour serve` in a process of its own, and what it says."""

    address: str
    environment: dict[str, str]
    said: Path

    def key(self, role: str) -> dict[str, str]:
        made = _retour(self.environment, "keys", "create", "--role", role, "--name", "test")
        return {"Authorization": f"Bearer {made.stdout.strip()}"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {**os.environ, "RETOUR_VAR_DIR": str(tmp_path / "var"), "RETOUR_SERVICE_PORT": str(port)}


@pytest.fixture
def server(environment: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    said = tmp_path / "said.txt"
    address = f"http://127.0.0.1:{environment['RETOUR_SERVICE_PORT']}"
    with said.open("w") as output:
        process = subprocess.Popen(
            [RETOUR, "serve"], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _await(address, process)
            yield Server(address, environment, said)
        finally:
            process.terminate()
            process.wait(timeout=30)


class TestServe:
    def test_a_shop_and_its_app_do_it_all_over_a_real_socket_and_no_log_names_the_customer(
        self, server: Server
    ) -> None:
        line = {"line_no": 1, "quantity": 1, "reason": "defect"}
        body = {"order_id": "A-1", "customer": ORDER["customer"], "lines": [line]}
        sent = {"Content-Type": "application/json"}
        with httpx.Client(base_url=server.address, timeout=30) as client:
            shop, app = server.key("shop"), server.key("storefront")
            answers = [
                client.put("/v1/orders/A-1", json=ORDER, headers=shop),
                client.put("/v1/orders/A-1/deliveries/1", json=PARCEL, headers=shop),
                client.post("/v1/returns", json=body, headers=app),
                client.post("/v1/returns", json={**body, "order_id": "?"}, headers=app),
                client.post("/v1/returns", content=b"{anna@example.com", headers={**app, **sent}),
            ]
            assert [each.status_code for each in answers] == [201, 201, 201, 404, 400]
            customer = {"Retour-Customer": answers[2].json()["customer_token"]}
            shown = client.get(answers[2].headers["location"], headers={**app, **customer}).json()
            assert shown["rma"] == answers[2].json()["rma"]
            client.get("/v1/returns/anna?token=anna", headers=app)
            assert client.get("/docs").status_code == 200

        said = server.said.read_text()
        assert "anna" not in said
        lines = [json.loads(line) for line in said.splitlines()]
        shown_lines = [each for each in lines if each["route"] == "/v1/returns/{rma}"]
        assert [each["status"] for each in shown_lines] == [200, 404]
        assert not _mentions(Path(server.environment["RETOUR_VAR_DIR"]), b"anna@example.com")

    def test_a_port_in_use_is_said_with_the_way_out(self, server: Server) -> None:
        second = _retour(server.environment, "serve")

        assert second.returncode == 1
        assert re.search(r"retour: .*port \d+.*RETOUR_SERVICE_PORT", second.stderr)
        assert "Traceback" not in second.stderr

    def test_a_var_folder_that_cannot_be_written_is_said_before_anything_listens(
        self, environment: dict[str, str]
    ) -> None:
        answer = _retour({**environment, "RETOUR_VAR_DIR": "/proc/retour"}, "serve")

        assert answer.returncode == 1
        assert "/proc/retour" in answer.stderr
        assert "RETOUR_VAR_DIR" in answer.stderr
        assert "Traceback" not in answer.stderr


class TestDocs:
    @pytest.mark.slow
    @pytest.mark.browser
    def test_a_browser_that_reaches_no_other_host_shows_every_operation(
        self, server: Server, chromium: str
    ) -> None:
        alone = [
            "--no-sandbox",
            "--disable-gpu",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]
        with sync_playwright() as playwright:
            page = playwright.chromium.launch(executable_path=chromium, args=alone).new_page()
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))

            page.goto(f"{server.address}/docs")

            described = httpx.get(f"{server.address}/openapi.json").json()["paths"]
            operations = sum(len(item) for item in described.values())
            expect(page.locator(".opblock")).to_have_count(operations, timeout=60_000)
        assert [url for url in asked if not url.startswith((server.address, "data:"))] == []


class TestKeysCommand:
    def test_keys_are_made_listed_and_revoked(self, environment: dict[str, str]) -> None:
        made = _retour(environment, "keys", "create", "--role", "shop", "--name", "my shop")
        listed = _retour(environment, "keys", "list").stdout
        key_id = listed.splitlines()[1].split()[0]
        _retour(environment, "keys", "revoke", key_id)

        assert re.fullmatch(r"rk_\S+\n", made.stdout)
        assert "my shop" in listed
        assert made.stdout.strip() not in listed
        assert "revoked" in _retour(environment, "keys", "list").stdout

    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            (["create", "--role", "king", "--name", "x"], "shop, storefront"),
            (["create", "--role", "shop", "--name", " "], "--name must be one line"),
            (["create", "--role", "shop", "--name", "a\nb"], "--name must be one line"),
            (["revoke", "key_404"], "retour keys list"),
            (["create", "--role", "reviewer", "--name", "x", "--staff", "s-9"], "GET /v1/staff"),
        ],
    )
    def test_a_mistake_is_one_line_with_the_way_out(
        self, environment: dict[str, str], words: list[str], hint: str
    ) -> None:
        answer = _retour(environment, "keys", *words)

        assert answer.returncode == 1
        assert hint in answer.stderr
        assert len(answer.stderr.splitlines()) == 1


class TestEraseCommand:
    def test_it_tells_what_was_deleted_and_not_of_whom(self, server: Server) -> None:
        order = {**ORDER, "email": "anna@example.org"}
        shop = server.key("shop")
        httpx.put(f"{server.address}/v1/orders/A-1", json=order, headers=shop)

        erased = _retour(server.environment, "erase", ORDER["customer"])
        again = _retour(server.environment, "erase", ORDER["customer"])

        assert (
            "Deleted: 1 look-up, 0 links, 1 contact, 0 texts, 0 idempotency keys, "
            "0 tracking numbers, 0 letters." in erased.stdout
        )
        assert again.returncode == 1
        assert "nothing was deleted" in again.stderr
        assert "anna" not in erased.stdout + again.stderr
        assert not _mentions(Path(server.environment["RETOUR_VAR_DIR"]), b"anna@example.org")


def _retour(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RETOUR, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the server did not answer")


def _mentions(folder: Path, words: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]
