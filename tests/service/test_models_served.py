"""A real server, and the command line beside it: a model is promoted, corrupted and rolled back, and nothing restarts."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from risk_shelf import put_model
from served import RETOUR, answers, installation, running, until
from service_shop import ORDER, PARCEL

from models.risk.score import MODEL
from retour.assembly import open_retour
from retour.settings import Settings


class Served:
    """A running service, asked over HTTP, and its command line."""

    def __init__(self, settings: Settings, process: "subprocess.Popen[bytes]") -> None:
        self.settings, self.process = settings, process
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{settings.service_port}")
        retour = open_retour(settings)
        self._keys = {role: retour.keys.create(role, "test") for role in ("shop", "storefront")}
        retour.context.db.dispose()
        self._orders = 0

    def call(self, role: str, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._keys[role]}"}
        answer = self.client.request(method, path, json=body, headers=headers)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def apply(self) -> tuple[str, str]:
        """A new customer's new order comes, and a unit of it is to go back: its RMA and its state."""
        self._orders += 1
        order = {**ORDER, "customer": f"customer-{self._orders}", "country": "US"}
        path = f"/v1/orders/A-{self._orders}"
        parcel = {**PARCEL, "delivered_at": datetime.now(UTC).isoformat()}
        mug = {"title": "mug", "price_minor": 1290, "currency": "EUR"}
        self.call("shop", "PUT", "/v1/products/MUG", mug)
        self.call("shop", "PUT", path, order)
        self.call("shop", "PUT", f"{path}/deliveries/1", parcel)
        line = {"line_no": 1, "quantity": 1, "reason": "changed_mind"}
        body = {"order_id": f"A-{self._orders}", "customer": order["customer"], "lines": [line]}
        made = self.call("storefront", "POST", "/v1/returns", body)
        return made["rma"], made["state"]

    def risk(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get("/readyz").json()["risk"]
        return told

    def model(self, *words: str) -> str:
        environment = {"RETOUR_VAR_DIR": str(self.settings.var_dir), "RETOUR_DATABASE_URL": ""}
        done = subprocess.run(
            [RETOUR, "model", *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def assessed(self, rma: str) -> dict[str, Any]:
        retour = open_retour(self.settings)
        told: dict[str, Any] = json.loads(retour.returns.assessed(rma).model_dump_json())
        retour.context.db.dispose()
        return told


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = installation(tmp_path_factory.mktemp("served"))
    with running(settings, "serve") as process:
        until(lambda: answers(settings), process)
        served = Served(settings, process)
        with served.client:
            yield served


@pytest.mark.slow
def test_a_corrupt_champion_sends_requests_to_people_and_a_rollback_restores_it_without_a_restart(
    served: Served,
) -> None:
    root = served.settings.risk_dir
    first, second = put_model(root), put_model(root, high=1.5)
    assert served.risk()["deciding"] == "no_model"

    served.model("promote", first, "--reason", "the first")
    rma, state = served.apply()
    assert (state, served.risk()["model_version"]) == ("authorized", first)
    assert served.assessed(rma)["basis"] == "model"
    assert f"model {first} gives" in served.model("replay", rma)

    served.model("promote", second, "--reason", "better")
    assert served.assessed(served.apply()[0])["model_version"] == second

    (root / second / MODEL).write_text("{}")
    rma, state = served.apply()
    assert state == "under_review"
    assert served.assessed(rma)["basis"] == "unavailable"
    assert served.risk()["deciding"] == "unavailable"
    assert served.risk()["discarded"] == {"champion_unavailable": 1}

    served.model("rollback", "--reason", "its file is corrupt")
    rma, state = served.apply()
    assert (state, served.assessed(rma)["model_version"]) == ("authorized", first)
    assert served.risk()["deciding"] == "model"
    assert served.process.poll() is None
