"""The envelope, that of CloudEvents 1.0, and the register of payloads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from service.domain.events import (
    cases,
    conclusions,
    customers,
    flags,
    orders,
    receipts,
    returns,
    reviews,
    settlements,
    shipments,
)
from service.domain.events.base import Payload, Role

Origin = Literal["live", "import", "simulated"]
_REGISTERED = (  # importing a module registers its payloads
    cases,
    conclusions,
    customers,
    flags,
    orders,
    receipts,
    returns,
    reviews,
    settlements,
    shipments,
)
PAYLOADS: dict[str, type[Payload]] = {model.type: model for model in Payload.__subclasses__()}
FAMILIES: tuple[str, ...] = tuple(sorted({model.family for model in PAYLOADS.values()}))
ORIGINS: tuple[str, ...] = get_args(Origin)


class UnknownEventType(ValueError):
    """An event of a type that this version has no payload model for."""

    def __init__(self, type_: str) -> None:
        super().__init__(
            f"event type {type_!r} is not known here; known are {', '.join(sorted(PAYLOADS))}. "
            "If a newer Retour wrote it, upgrade this one."
        )


def payload_model(type_: str) -> type[Payload]:
    """The payload model of an event type. Raises `UnknownEventType`."""
    try:
        return PAYLOADS[type_]
    except KeyError:
        raise UnknownEventType(type_) from None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a role and, for people, a pseudonym."""

    role: Role
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event about to be appended. `time` (aware) is when it happened; the log adds `seq` and `recorded_at`."""

    id: str
    source: str
    subject: str
    time: datetime
    data: Payload
    actor: Actor
    origin: Origin = "live"
    correlation_id: str | None = None
    causation_id: str | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the log holds it. Times are microseconds since 1970 UTC; `data` is the payload's JSON text."""

    seq: int
    id: str
    source: str
    type: str
    subject: str
    time_us: int
    recorded_at_us: int
    origin: str
    actor_role: str
    actor_key: str | None
    correlation_id: str | None
    causation_id: str | None
    corrects: str | None
    schema_version: int
    data: str
