"""Facts stand beside the service's log and are made again from the lake: the same rows, whatever the events are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from migrated import open_migrated, upgrade_to
from payloads import EVERY_PAYLOAD
from small_practice import settings_in
from sqlalchemy import select

from pipelines.steps import SQL_DIR, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from service.domain.events import Actor, CaseOpened, Event, LineInspected, Payload
from service.platform import facts, log, migrate
from service.platform.db import Database

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
COLUMNS = tuple(each.name for each in facts.risk_facts.columns if each.name != "item")


def test_the_warehouse_makes_the_rows_that_the_service_noted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    retour = open_retour(settings)
    append(retour.context.db, events())

    with Warehouse.of(settings) as warehouse:
        take_in(settings, retour, warehouse)
        for model in load_models(SQL_DIR):
            if model.relation == "intermediate.risk_facts":
                warehouse.build(model)
        made = warehouse.query("select * from intermediate.risk_facts")

    noted = noted_in(retour.context.db)
    assert made.select(COLUMNS).rows() != []
    assert sorted(made.select(COLUMNS).rows(), key=repr) == sorted(noted, key=repr)
    assert set(made["fact"]) == {
        "order", "order_line", "delivery", "return", "withdrawal", "return_line", "good", "bad", "decline", "not_sent",
        "claim", "link", "product", "profile",
    }  # fmt: skip


def test_what_stood_in_the_log_before_is_noted_with_the_upgrade(tmp_path: Path) -> None:
    today = open_migrated(f"sqlite:///{tmp_path / 'today.db'}")
    append(today, events())
    older = Database(f"sqlite:///{tmp_path / 'older.db'}")
    upgrade_to(older, "0005")
    with today.read() as source, older.write() as target:
        rows = [dict(row._mapping) for row in source.execute(select(log.events))]
        target.execute(log.events.insert(), rows)

    migrate.upgrade(older)

    assert noted_in(older) == noted_in(today)
    # What buyers say of flags is nobody's return, and notes nothing.
    assert len(noted_in(older)) > sum(each.family != "flag" for each in EVERY_PAYLOAD) / 3
    today.dispose()
    older.dispose()


MORE = (
    LineInspected(rma="W1", line_no=1, quantity=1, outcome="short", grade=None, inspection_depth="full"),
    CaseOpened(
        case_id="case_9", kind="not_received", rma=None, order_id="536365", owner_role="after_sales", owner_key=None,
        due_at_us=1_709_380_800_000_000, text_ref=None,
    ),
)  # fmt: skip


def events() -> list[Event]:
    return [
        Event(f"event {number}", "a test", subject(payload), NOW, payload, Actor("system"))
        for number, payload in enumerate((*EVERY_PAYLOAD, *MORE))
    ]


def subject(payload: Payload) -> str:
    return getattr(payload, "rma", None) or getattr(payload, "order_id", None) or "somebody"


def append(database: Database, drafts: Sequence[Event]) -> None:
    """Some at a time: each transaction numbers its own."""
    for start in range(0, len(drafts), 7):
        with database.write() as connection:
            log.append(connection, drafts[start : start + 7], NOW)


def noted_in(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        found = connection.execute(select(facts.risk_facts).order_by("seq", "item"))
        frame = pl.DataFrame([dict(row._mapping) for row in found], infer_schema_length=None)
    return frame.select(COLUMNS).rows()
