"""A log that holds an event of every type."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from service.domain import events as e
from service.platform.clock import to_us

NOON_US = to_us(datetime(2024, 3, 1, 12, tzinfo=UTC))
SECOND = 1_000_000

Record = Callable[..., e.RecordedEvent]


@pytest.fixture(scope="session")
def record() -> Record:
    """Makes a payload an event of the log."""

    def recorded(seq: int, payload: e.Payload, **changes: Any) -> e.RecordedEvent:
        event = e.RecordedEvent(
            seq=seq,
            id=f"00000000-0000-7000-8000-{seq:012}",
            source="retour/service",
            type=payload.type,
            subject=f"subject-{seq}",
            time_us=NOON_US + seq * SECOND,
            recorded_at_us=NOON_US + seq * SECOND,
            origin="live",
            actor_role="shop",
            actor_key=None,
            correlation_id=None,
            causation_id=None,
            corrects=None,
            schema_version=payload.schema_version,
            data=payload.model_dump_json(),
        )
        return replace(event, **changes)

    return recorded


@pytest.fixture(scope="session")
def every_payload() -> tuple[e.Payload, ...]:
    """One of each type, with lists of several lengths and nulls where they may be."""
    rules = [
        e.RuleOutcome(rule="within_window", passed=True, detail="day 3 of 14"),
        e.RuleOutcome(rule="value_cap", passed=False, detail="低于上限"),
    ]
    return (
        e.ProductUpserted(sku="85123A", title="White hanging heart", cost_minor=120),
        e.OrderPlaced(
            order_id="536365",
            customer_key=None,
            currency="GBP",
            country="United Kingdom",
            lines=[
                e.OrderLine(line_no=1, sku="85123A", quantity=6, unit_price_minor=255),
                e.OrderLine(line_no=2, sku="71053", quantity=1, unit_price_minor=0),
            ],
        ),
        e.OrderDelivered(
            order_id="536365", delivery_id="d1", lines=[e.DeliveredLine(line_no=1, quantity=6)]
        ),
        e.ReturnRequested(
            rma="R1",
            order_id="536365",
            customer_key="cus_1",
            currency="GBP",
            lines=[
                e.ReturnLine(
                    line_no=1,
                    order_id=None,
                    order_line_no=None,
                    sku="85123A",
                    quantity=2,
                    reason=None,
                    value_minor=510,
                )
            ],
        ),
        e.ReturnAuthorized(
            rma="R1",
            mode="rule",
            policy_version="1",
            model_version=None,
            score=0.1 + 0.2,
            refund_on="inspected",
            inspection="basic",
            rules=rules,
        ),
        e.ReviewOpened(rma="R2", policy_version="1", rules=[]),
        e.ReturnReceived(rma="R1", lines=[e.ReceivedLine(line_no=1, quantity=2)]),
        e.LineInspected(
            rma="R1", line_no=1, quantity=2, outcome="passed", grade=None, inspection_depth="full"
        ),
        e.RefundSettled(
            rma="R1",
            means="card",
            currency="GBP",
            amount_minor=510,
            lines=[e.RefundLine(line_no=1, amount_minor=510)],
        ),
        e.ReturnClosed(rma="R1"),
        e.SkuFlagged(
            sku="85123A",
            since="2024-02-26",
            lift=2.5,
            lift_low=1.5,
            lift_high=4.0,
            excess_units=3.25,
            detector_version="1",
        ),
        e.SkuCleared(sku="85123A", lift=1.01, detector_version="1"),
        e.ImportCompleted(
            importer="online-retail",
            timezone="Europe/London",
            content_sha256="0" * 64,
            rows_read=3,
            rows_sold=1,
            rows_returned=1,
            units_sold=7,
            units_returned=2,
            units_matched=2,
            set_aside=[e.SetAside(reason="no product code", rows=1, units=-4)],
        ),
    )


@pytest.fixture(scope="session")
def log(record: Record, every_payload: tuple[e.Payload, ...]) -> list[e.RecordedEvent]:
    """A log of 39 events: every type, three times over."""
    return [record(seq, payload) for seq, payload in enumerate(every_payload * 3, 1)]
