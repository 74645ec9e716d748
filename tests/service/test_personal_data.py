"""All stories are played by a customer who leaves marks wherever that can be done: none reaches log, jobs, other tables or output."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from house import House
from sqlalchemy import select
from stories import STORIES, a_house

from service.customers.contacts import mail_sha256
from service.platform.db import metadata

# No identifier spells this name by chance: base 32 as we write it has none of i, l and o.
NAME = "ottilie"
MAIL = f"{NAME}@example.org"
CUSTOMER = f"{NAME}@example.com"
WORDS = dict.fromkeys(("question", "answer", "text", "comment", "note"), f"{NAME} was here") | {
    "customer": CUSTOMER
}
TRACKING = f"{NAME.upper()}-TRACK-1"
CAME_BY = {
    "address": f"12487 berlin, {NAME}str. 1",
    "device": f"d-of-{NAME}",
    "phone": f"0800-{NAME}",
    "payment": f"card-of-{NAME}",
}
MARKS = (NAME, mail_sha256(MAIL))
# Where people's data stands, to be erased with them: their words, their address, their parcels' numbers.
PERSONAL = {"texts", "contacts", "shipments", "parcels"}
_MORE = {"/inspections": {"note": "?"}, "/shipment": {"tracking": TRACKING}}


class Marked(House):
    """Everybody writes marks wherever people may write."""

    def call(self, role: str, method: str, path: str, **request: Any) -> httpx.Response:
        if isinstance(body := request.get("json"), dict):
            more = next((each for end, each in _MORE.items() if path.endswith(end)), {})
            request["json"] = {
                name: WORDS.get(name, value) for name, value in {**body, **more}.items()
            }
        return super().call(role, method, path, **request)

    def put_order(self, order_id: str = "A-1", **changed: Any) -> httpx.Response:
        return super().put_order(order_id, **changed, email=MAIL, identity=CAME_BY)

    def say_how_it_was(self) -> None:
        """The survey's link answers, where one was sent; the parcel of somebody else turns up."""
        token = self.retour.context.proofs.make("survey", self.rma).token
        self.call("storefront", "POST", f"/v1/surveys/{token}", json={"csat": 1, "comment": "?"})
        self.call("inspector", "POST", "/v1/parcels", json={"tracking": f"{TRACKING}-2"})
        case = {"kind": "safety", "rma": self.rma, "text": "?"}
        case_id = self.call("after_sales", "POST", "/v1/cases", json=case).json()["case_id"]
        for role in ("after_sales", "storefront"):
            token = {"Retour-Customer": self.retour.customers.return_token(self.rma).token}
            path, body = f"/v1/cases/{case_id}/messages", {"text": "?"}
            assert self.call(role, "POST", path, json=body, headers=token).status_code == 201
        closure = {"outcome": "rejected", "answer": "?"}
        self.call("after_sales", "POST", f"/v1/cases/{case_id}/closure", json=closure)


@pytest.mark.slow
def test_no_story_tells_log_jobs_or_output_who_its_customer_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="retour")
    kept: set[str] = set()

    for name, story in STORIES.items():
        with a_house(f"sqlite:///{tmp_path / name}.db", name, Marked) as house:
            assert isinstance(house, Marked)
            story(house)
            house.say_how_it_was()
            house.wait(days=9)
            assert "customer_links" in {table for table, _ in rows(house)}, name
            marked = {table for table, row in rows(house) if is_marked(row)}
            assert marked - PERSONAL == set(), name
            kept |= marked

    assert kept == PERSONAL, "a mark that nobody left proves nothing"
    assert caplog.text
    assert not is_marked(caplog.text)


def is_marked(text: str) -> bool:
    return any(mark in text.lower() for mark in MARKS)


def rows(house: House) -> Iterator[tuple[str, str]]:
    """Every row of every table, by its table's name."""
    with house.retour.context.db.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                yield table.name, repr(tuple(row))
