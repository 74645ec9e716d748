"""The way back: events as the log held them, from the lake's rows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.lake.tables import Table, tables_of
from pipelines.quality.results import Frames
from service.domain.events import PAYLOADS, Payload, RecordedEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AS_THEY_ARE = (
    "seq", "id", "source", "subject", "origin", "actor_role", "actor_key", "correlation_id", "causation_id", "corrects",
    "schema_version",
)  # fmt: skip


def recall(frames: Frames) -> list[RecordedEvent]:
    """The events of these rows, in the log's order. Raises `ValidationError` where a payload's model refuses one."""
    found = (event for model in PAYLOADS.values() for event in _of_type(frames, model))
    return sorted(found, key=lambda event: event.seq)


def recall_newest(frames: Frames) -> RecordedEvent | None:
    """The last event of these rows; None where there is none."""
    own = [tables_of(model)[0].name for model in PAYLOADS.values()]
    ends = [frames[name]["seq"].max() for name in own if name in frames and frames[name].height]
    if not ends:
        return None
    is_newest = pl.col("seq") == max(ends)  # type: ignore[type-var]  # `seq` holds integers
    return recall({name: frame.filter(is_newest) for name, frame in frames.items()})[0]


def _of_type(frames: Frames, model: type[Payload]) -> Iterator[RecordedEvent]:
    own, *lists = tables_of(model)
    if own.name not in frames:
        return
    items = {str(table.item_field): _items(table, frames[table.name]) for table in lists}
    for row in frames[own.name].iter_rows(named=True):
        said = {column.name: row[column.name] for column in own.fields}
        said |= {field: by_seq[row["seq"]] for field, by_seq in items.items()}
        yield RecordedEvent(
            **{name: row[name] for name in _AS_THEY_ARE},
            type=model.type,
            time_us=_us(row["time"]),
            recorded_at_us=_us(row["recorded_at"]),
            data=model.model_validate(said).model_dump_json(),
        )


def _items(table: Table, frame: pl.DataFrame) -> Mapping[int, list[dict[str, Any]]]:
    """The items by the event that they are of."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    names = [column.name for column in table.fields]
    for row in frame.select("seq", *names).iter_rows(named=True):
        found[row.pop("seq")].append(row)
    return found


def _us(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
