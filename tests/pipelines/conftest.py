"""A log that holds an event of every type."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from payloads import EVERY_PAYLOAD, SIMPLE

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
    """One of each type."""
    return EVERY_PAYLOAD


@pytest.fixture(scope="session")
def log(record: Record, every_payload: tuple[e.Payload, ...]) -> list[e.RecordedEvent]:
    """A log of every type of event, three times over."""
    return [record(seq, payload) for seq, payload in enumerate(every_payload * 3, 1)]


@pytest.fixture(scope="session")
def short_log(record: Record) -> list[e.RecordedEvent]:
    """A log of a simple return, three times over: for what costs by the table."""
    return [record(seq, payload) for seq, payload in enumerate(SIMPLE * 3, 1)]
