"""From events of the log to typed frames: each payload is judged by its model, and what the model read is kept.

The columns are taken from the validated objects. Decoding the JSON a second time, by a frame library, was
no faster and not lossless: integers beyond 64 bits became null, 1.5 became 1, without a word.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import polars as pl
from pydantic import ValidationError

from pipelines.lake.envelope import holes, readable
from pipelines.lake.quarantine import Quarantined, set_aside, shown
from pipelines.lake.tables import ENVELOPE, ITEM_ENVELOPE, POLARS_TYPES, Column, Table, tables_of
from pipelines.quality.results import Frames
from service.domain.events import PAYLOADS, Payload, RecordedEvent

# Text decoded at once: enough rows that making a frame costs less than filling it, few enough
# that their objects take no memory worth mentioning.
_CHUNK_CHARACTERS = 1_000_000
_CHUNK_EVENTS = 2_000

Pair = tuple[RecordedEvent, Payload]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A batch's rows by table, and the events that gave none."""

    frames: Frames
    rejected: tuple[Quarantined, ...]


def decode(events: Sequence[RecordedEvent], after: int) -> Decoded:
    """Type a batch that follows `after` in the log. Within a table rows keep the log's order."""
    rejected = list(holes(events, after))
    by_type: dict[str, list[RecordedEvent]] = {}
    for event in readable(events, rejected):
        by_type.setdefault(event.type, []).append(event)
    frames: dict[str, pl.DataFrame] = {}
    with _no_garbage_collection():
        for type_, same in by_type.items():
            frames.update(_decode_type(PAYLOADS[type_], same, rejected))
    return Decoded(frames, tuple(sorted(rejected, key=attrgetter("seq"))))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Millions of short-lived objects without a cycle: looking for cycles took two fifths of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _decode_type(
    model: type[Payload], events: Sequence[RecordedEvent], rejected: list[Quarantined]
) -> dict[str, pl.DataFrame]:
    """The frames of one type's events; what its model refuses goes to `rejected`."""
    chunks = [
        frames
        for chunk in _chunks(events)
        for frames in _frames(model, _validated(model, chunk, rejected), rejected)
    ]
    return {
        table.name: pl.concat([each[table.name] for each in chunks])
        for table in tables_of(model)
        if chunks
    }


def _chunks(events: Sequence[RecordedEvent]) -> Iterator[Sequence[RecordedEvent]]:
    mean = sum(len(event.data) for event in events) // len(events)
    size = max(1, min(_CHUNK_EVENTS, _CHUNK_CHARACTERS // max(1, mean)))
    return (events[start : start + size] for start in range(0, len(events), size))


def _validated(
    model: type[Payload], events: Iterable[RecordedEvent], rejected: list[Quarantined]
) -> list[Pair]:
    read: Callable[[str], Payload] = model.model_validate_json
    pairs = []
    for event in events:
        try:
            pairs.append((event, read(event.data)))
        except ValidationError as invalid:
            rejected.append(set_aside(event, "invalid_payload", *_told(invalid)))
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
            fault = "a value fits no column of the lake"
            told = f"{fault}: {shown(misfit)}"
            rejected.append(set_aside(pairs[0][0], "invalid_payload", told, fault))
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
            yield pl.Series(column.name, list(map(attrgetter(column.name), events)), kind)


def _fields(columns: Iterable[Column], rows: Sequence[Any]) -> Iterator[pl.Series]:
    for column in columns:
        yield pl.Series(
            column.name, list(map(attrgetter(column.name), rows)), POLARS_TYPES[column.kind]
        )


def _told(invalid: ValidationError) -> tuple[str, str]:
    """The first fault of a payload, and how many more there are; with what the payload says and without it."""
    first, *others = invalid.errors(include_url=False, include_context=False)
    more = f" (and {len(others)} more)" if others else ""
    own = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
    told = f"{_place(first['loc'])}: {first['msg']}; it is {shown(first['input'])}{more}"
    return told, f"{_place(own)}: {first['msg']}{more}"


def _place(parts: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in parts) or "payload"
