"""Bad events in a real log, put there behind the application's back, before the real checks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest

from pipelines.lake.ingest import IngestReport, drain
from pipelines.quality.runner import check_batch
from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour
from service.domain.events import (
    YEAR_10000_US,
    OrderPlaced,
    Payload,
    RecordedEvent,
    RefundSettled,
    SkuFlagged,
)
from service.platform import log

Record = Callable[..., RecordedEvent]
Lake = Any

DAY_US = 86_400_000_000


@pytest.fixture
def retour(settings: Settings) -> Retour:
    return open_retour(settings)


def insert(retour: Retour, event: RecordedEvent) -> None:
    """Put a row into the log with plain SQL: nobody judges it."""
    row: Mapping[str, Any] = asdict(event)
    names = ", ".join(row)
    places = ", ".join("?" * len(row))
    with retour.context.db.write() as connection:
        connection.exec_driver_sql(
            f"insert into events ({names}) values ({places})", tuple(row.values())
        )


def take_in(retour: Retour, lake: Lake) -> IngestReport:
    return drain(
        retour.read_log,
        lake.lake_dir,
        lake.quarantine_dir,
        check_batch=check_batch,
        progress=lambda _: None,
    )


def changed(payload: Payload, **changes: Any) -> str:
    """A payload's JSON with other values, as no model would write it."""
    document = {**payload.model_dump(), **changes}
    return json.dumps({name: value for name, value in document.items() if value is not ...})


@pytest.fixture(scope="session")
def order(every_payload: tuple[Payload, ...]) -> OrderPlaced:
    return next(each for each in every_payload if isinstance(each, OrderPlaced))


@pytest.fixture(scope="session")
def refund(every_payload: tuple[Payload, ...]) -> RefundSettled:
    return next(each for each in every_payload if isinstance(each, RefundSettled))


class TestBadEventsInTheLog:
    def test_each_is_set_aside_with_its_reason_and_its_neighbours_arrive(
        self, retour: Retour, lake: Lake, record: Record, order: OrderPlaced, refund: RefundSettled
    ) -> None:
        line = order.lines[0].model_dump()
        bad = [
            (
                record(0, order, type="order.teleported"),
                "unknown_type",
                "'order.teleported' is not",
            ),
            (record(0, order, schema_version=7), "unknown_version", "version 7 of order.placed"),
            (record(0, order, data='{"order_id": '), "invalid_payload", "Invalid JSON"),
            (
                record(0, order, data=changed(order, lines="none")),
                "invalid_payload",
                "lines: Input should be a valid array; it is 'none'",
            ),
            (
                record(0, order, data=changed(order, lines=[{**line, "quantity": 10**18}])),
                "invalid_payload",
                "lines.0.quantity: Input should be less than or equal to 1000000000",
            ),
            (
                record(
                    0,
                    order,
                    data=changed(
                        order, lines=[{**line, "quantity": 10**9, "unit_price_minor": 10**12}]
                    ),
                ),
                "invalid_payload",
                "lines.0: Value error, quantity times unit_price_minor is more than 1000000000000",
            ),
            (
                record(0, order, data=changed(order, currency=...)),
                "invalid_payload",
                "currency: Field required",
            ),
            (record(0, order, time_us="noon"), "malformed_envelope", "time_us is 'noon', not int"),
            (record(0, order, data=b"\x00\xff"), "malformed_envelope", "data is b'\\x00\\xff'"),
            (
                record(0, order, data=changed(order, lines=[line, line])),
                "failed_check",
                "order_placed_lines.seq, line_no must not occur twice in one event",
            ),
            (
                record(0, refund, data=changed(refund, amount_minor=511)),
                "failed_check",
                "refund_settled.minor_not_in_lines must be 0",
            ),
            (
                record(0, order, origin="elsewhere"),
                "failed_check",
                "events.origin must be one of live, import, simulated",
            ),
            (
                record(0, order, time_us=record(0, order).recorded_at_us + 2 * DAY_US),
                "failed_check",
                "events.days_ahead_of_recording must be at most 1",
            ),
        ]
        for place, (event, _, _) in enumerate(bad):
            with retour.context.db.write() as connection:
                log.append_rows(connection, [record(0, order, id=f"good-{place}")])
            insert(retour, replace(event, seq=2 * place + 2, id=f"bad-{place}"))

        report = take_in(retour, lake)

        found = {each.seq: (each.kind, each.reason) for each in lake.quarantined}
        assert sorted(found) == [2 * place + 2 for place in range(len(bad))]
        for place, (_, kind, reason) in enumerate(bad):
            assert found[2 * place + 2][0] == kind
            assert reason in found[2 * place + 2][1]
        rows = lake.rows()
        assert [row["id"] for row in rows["order_placed"]] == [f"good-{n}" for n in range(len(bad))]
        assert len(rows["order_placed_lines"]) == 2 * len(bad)
        assert rows["refund_settled"] == rows["refund_settled_lines"] == []
        failed = {each.table for each in report.checks if not each.passed}
        assert failed == {"events", "order_placed_lines", "refund_settled"}

    def test_so_are_moments_and_days_that_no_calendar_has(
        self, retour: Retour, lake: Lake, record: Record, every_payload: tuple[Payload, ...]
    ) -> None:
        beyond = [
            record(0, each, data=changed(each, **{name: moment}))
            for each in every_payload
            for name in type(each).model_fields
            for moment in (YEAR_10000_US, 2**63 - 1)
            if name.endswith("_us")
        ]
        flagged = next(each for each in every_payload if isinstance(each, SkuFlagged))
        no_days = [
            record(0, flagged, data=changed(flagged, since=day))
            for day in ("2026-02-30", "0000-01-01")
        ]
        for place, event in enumerate([*beyond, *no_days], 1):
            insert(retour, replace(event, seq=place, id=f"bad-{place}"))

        take_in(retour, lake)

        assert [each.kind for each in lake.quarantined] == ["invalid_payload"] * (
            len(beyond) + len(no_days)
        )
        assert len(beyond) > 50

    def test_a_row_removed_from_the_log_is_told(
        self, retour: Retour, lake: Lake, record: Record, order: OrderPlaced
    ) -> None:
        with retour.context.db.write() as connection:
            log.append_rows(connection, [record(0, order, id=f"good-{n}") for n in range(4)])
            connection.exec_driver_sql("delete from events where seq = 2")
        take_in(retour, lake)
        assert [(each.seq, each.kind) for each in lake.quarantined] == [(2, "missing")]
        assert [row["seq"] for row in lake.rows()["order_placed"]] == [1, 3, 4]

    def test_a_log_restored_from_a_backup_is_told(
        self, retour: Retour, lake: Lake, record: Record, order: OrderPlaced
    ) -> None:
        with retour.context.db.write() as connection:
            log.append_rows(connection, [record(0, order, id=f"good-{n}") for n in range(4)])
        take_in(retour, lake)
        with retour.context.db.write() as connection:
            connection.exec_driver_sql("delete from events where seq > 2")
        with pytest.raises(Exception, match="the lake is ahead of the log: it holds event 4"):
            take_in(retour, lake)
