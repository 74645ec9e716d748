"""Which events of a batch may be decoded at all: what their envelopes say, before any payload is looked at.

SQLite keeps whatever is put into a column, and rows can be removed by hand: nothing is taken for granted.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import get_args, get_type_hints

from pipelines.lake.quarantine import Quarantined, set_aside, shown
from service.domain.events import (
    PAYLOADS,
    YEAR_10000_US,
    Payload,
    RecordedEvent,
    UnknownEventType,
)

_UNKNOWN_TYPE = (
    "an event type that is not known here. If a newer Retour wrote it, upgrade this one."
)
_NO_SUCH_YEAR = "outside the years 1 to 9999"
YEAR_1_US = -62_135_596_800_000_000
_TYPES = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(RecordedEvent).items()}
_values = attrgetter(*_TYPES)


def holes(events: Iterable[RecordedEvent], after: int) -> Iterator[Quarantined]:
    """Places where the log has no event. It has none by design, so each is a fault that must be seen."""
    for event in events:
        if event.seq > after + 1:
            reason = f"the log has no {_places(after + 1, event.seq - 1)}: rows were removed from its table"
            yield Quarantined(after + 1, "missing", reason)
        after = event.seq


def _places(first: int, last: int) -> str:
    return f"event {first}" if first == last else f"events {first} to {last}"


def readable(
    events: Iterable[RecordedEvent], rejected: list[Quarantined]
) -> Iterator[RecordedEvent]:
    """The events that a payload model of ours can be asked about; the others go to `rejected`."""
    seen: dict[str, int] = {}
    for event in events:
        if misfit := _misfit(event):
            rejected.append(set_aside(event, "malformed_envelope", *misfit))
        elif (first := seen.setdefault(event.id, event.seq)) != event.seq:
            rejected.append(set_aside(event, "repeated_id", f"event {first} has the same id"))
        elif (model := PAYLOADS.get(event.type)) is None:
            unknown = str(UnknownEventType(event.type))
            rejected.append(set_aside(event, "unknown_type", unknown, _UNKNOWN_TYPE))
        elif not 1 <= event.schema_version <= model.schema_version:
            rejected.append(set_aside(event, "unknown_version", _version_fault(event, model)))
        else:
            yield event


def _misfit(event: RecordedEvent) -> tuple[str, str] | None:
    """What is wrong with the columns, with the value and without it."""
    if name := _odd_column(tuple(map(type, _values(event)))):
        wanted = " or ".join(each.__name__ for each in _TYPES[name])
        value = shown(getattr(event, name))
        return f"{name} is {value}, not {wanted}", f"{name} is not {wanted}"
    for name in ("time_us", "recorded_at_us"):
        if not YEAR_1_US <= getattr(event, name) < YEAR_10000_US:
            value = getattr(event, name)
            return f"{name} is {value}, {_NO_SUCH_YEAR}", f"{name} is {_NO_SUCH_YEAR}"
    return None


@cache
def _odd_column(found: tuple[type, ...]) -> str | None:
    """The first column that is not of its type; millions of events share a few combinations."""
    pairs = zip(found, _TYPES.items(), strict=True)
    return next((name for type_, (name, wanted) in pairs if type_ not in wanted), None)


def _version_fault(event: RecordedEvent, model: type[Payload]) -> str:
    return (
        f"schema version {event.schema_version} of {event.type} is not known here, only up to "
        f"{model.schema_version}. If a newer Retour wrote it, upgrade this one."
    )
