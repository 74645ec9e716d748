"""From events of the log to typed frames: each payload is judged by its model, and what the model read is kept.

The columns are taken from the validated objects. Decoding the JSON a second time, by a frame library, was
no faster and not lossless: integers beyond 64 bits became null, 1.5 became 1, without a word.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_type_hints

import polars as pl
from pydantic import ValidationError

from pipelines.lake.quarantine import Quarantined, set_aside
from pipelines.lake.tables import ENVELOPE, ITEM_ENVELOPE, POLARS_TYPES, Column, Table, tables_of
from pipelines.quality.results import Frames
from service.domain.events import PAYLOADS, Payload, RecordedEvent, UnknownEventType

# Objects alive at once: few enough that the garbage collector has nothing to walk.
_CHUNK = 500
_YEAR_1_US, _YEAR_10000_US = -62_135_596_800_000_000, 253_402_300_800_000_000
_SHOWN = 80

Pair = tuple[RecordedEvent, Payload]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A batch's rows by table, and the events that gave none."""

    frames: Frames
    rejected: tuple[Quarantined, ...]


def decode(events: Sequence[RecordedEvent], after: int) -> Decoded:
    """Type a batch that follows `after` in the log. Within a table rows keep the log's order."""
    rejected = list(_holes(events, after))
    by_type: dict[str, list[RecordedEvent]] = {}
    for event in _acceptable(events, rejected):
        by_type.setdefault(event.type, []).append(event)
    frames: dict[str, pl.DataFrame] = {}
    for type_, same in by_type.items():
        frames.update(_decode_type(PAYLOADS[type_], same, rejected))
    return Decoded(frames, tuple(sorted(rejected, key=attrgetter("seq"))))


# --- the envelope ------------------------------------------------------------------------------


def _holes(events: Iterable[RecordedEvent], after: int) -> Iterator[Quarantined]:
    """Places where the log has no event. It has none by design, so each is a fault that must be seen."""
    for event in events:
        if event.seq > after + 1:
            yield Quarantined(
                after + 1,
                "missing",
                f"the log has no event {after + 1} to {event.seq - 1}: rows were removed from its table",
            )
        after = event.seq


def _acceptable(
    events: Iterable[RecordedEvent], rejected: list[Quarantined]
) -> Iterator[RecordedEvent]:
    seen: dict[str, int] = {}
    for event in events:
        if fault := _misfit(event):
            rejected.append(set_aside(event, "malformed_envelope", fault))
        elif (first := seen.setdefault(event.id, event.seq)) != event.seq:
            rejected.append(set_aside(event, "repeated_id", f"event {first} has the same id"))
        elif (model := PAYLOADS.get(event.type)) is None:
            rejected.append(set_aside(event, "unknown_type", str(UnknownEventType(event.type))))
        elif not 1 <= event.schema_version <= model.schema_version:
            rejected.append(set_aside(event, "unknown_version", _version_fault(event, model)))
        else:
            yield event


@cache
def _envelope_types() -> tuple[tuple[str, tuple[type, ...]], ...]:
    hints = get_type_hints(RecordedEvent)
    return tuple((name, get_args(hint) or (hint,)) for name, hint in hints.items())


def _misfit(event: RecordedEvent) -> str | None:
    """What is wrong with an envelope. SQLite keeps whatever is put into a column, so nothing is taken for granted."""
    for name, types in _envelope_types():
        if type(value := getattr(event, name)) not in types:
            return f"{name} is {_shown(value)}, not {' or '.join(each.__name__ for each in types)}"
    for name in ("time_us", "recorded_at_us"):
        if not _YEAR_1_US <= getattr(event, name) < _YEAR_10000_US:
            return f"{name} is {getattr(event, name)}, outside the years 1 to 9999"
    return None


def _version_fault(event: RecordedEvent, model: type[Payload]) -> str:
    return (
        f"schema version {event.schema_version} of {event.type} is not known here, only up to "
        f"{model.schema_version}. If a newer Retour wrote it, upgrade this one."
    )


# --- the payload -------------------------------------------------------------------------------


def _decode_type(
    model: type[Payload], events: Sequence[RecordedEvent], rejected: list[Quarantined]
) -> dict[str, pl.DataFrame]:
    """The frames of one type's events; what its model refuses goes to `rejected`."""
    chunks = [
        frames
        for start in range(0, len(events), _CHUNK)
        for frames in _frames(
            model, _validated(model, events[start : start + _CHUNK], rejected), rejected
        )
    ]
    return {
        table.name: pl.concat([each[table.name] for each in chunks])
        for table in tables_of(model)
        if chunks
    }


def _validated(
    model: type[Payload], events: Iterable[RecordedEvent], rejected: list[Quarantined]
) -> list[Pair]:
    read: Callable[[str], Payload] = model.model_validate_json
    pairs = []
    for event in events:
        try:
            pairs.append((event, read(event.data)))
        except ValidationError as invalid:
            rejected.append(set_aside(event, "invalid_payload", _told(invalid)))
    return pairs


def _frames(
    model: type[Payload], pairs: Sequence[Pair], rejected: list[Quarantined]
) -> Iterator[Frames]:
    """The frames of a chunk. Where a value fits no column (an integer beyond 64 bits) it is halved until that event is found."""
    if not pairs:
        return
    try:
        frames = {table.name: _frame(table, pairs) for table in tables_of(model)}
    except (OverflowError, TypeError, pl.exceptions.PolarsError) as misfit:
        if len(pairs) == 1:
            fault = f"a value fits no column of the lake: {str(misfit)[:_SHOWN]}"
            rejected.append(set_aside(pairs[0][0], "invalid_payload", fault))
            return
        middle = len(pairs) // 2
        yield from _frames(model, pairs[:middle], rejected)
        yield from _frames(model, pairs[middle:], rejected)
    else:
        yield frames


def _frame(table: Table, pairs: Sequence[Pair]) -> pl.DataFrame:
    if table.item_field is None:
        events, rows = [event for event, _ in pairs], [payload for _, payload in pairs]
        return pl.DataFrame([*_envelope(ENVELOPE, events), *_fields(table.fields, rows)])
    items = [getattr(payload, table.item_field) for _, payload in pairs]
    owners = pl.Series([place for place, each in enumerate(items) for _ in each], dtype=pl.UInt32)
    envelope = pl.DataFrame(list(_envelope(ITEM_ENVELOPE, [event for event, _ in pairs])))
    fields = pl.DataFrame(list(_fields(table.fields, [item for each in items for item in each])))
    return envelope.select(pl.all().gather(owners)).hstack(fields)


def _envelope(columns: Iterable[Column], events: Sequence[RecordedEvent]) -> Iterator[pl.Series]:
    for column in columns:
        kind = POLARS_TYPES[column.kind]
        if column.kind == "moment":
            micros = [getattr(event, f"{column.name}_us") for event in events]
            yield pl.Series(column.name, micros, pl.Int64).cast(kind)
        else:
            yield pl.Series(column.name, map(attrgetter(column.name), events), kind)


def _fields(columns: Iterable[Column], rows: Sequence[Any]) -> Iterator[pl.Series]:
    for column in columns:
        yield pl.Series(
            column.name, list(map(attrgetter(column.name), rows)), POLARS_TYPES[column.kind]
        )


# --- reasons in words --------------------------------------------------------------------------


def _told(invalid: ValidationError) -> str:
    """The first fault of a payload, and how many more there are."""
    first, *others = invalid.errors(include_url=False, include_context=False)
    place = ".".join(str(part) for part in first["loc"]) or "payload"
    more = f" (and {len(others)} more)" if others else ""
    return f"{place}: {first['msg']}; it is {_shown(first['input'])}{more}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
