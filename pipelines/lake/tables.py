"""The lake's tables, read off the payload models: one per event type, and one per list inside a payload.

`order.placed` becomes `order_placed` (envelope and scalar fields) and `order_placed_lines` (a row per item).
Nothing is declared twice: types, nullability and bounds are those of `service.domain.events`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import polars as pl

from service.domain.events import ORIGINS, PAYLOADS, Payload

Kind = Literal["text", "integer", "small_integer", "number", "flag", "moment"]

DUCKDB_TYPES: Mapping[Kind, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "small_integer": "INTEGER",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "moment": "TIMESTAMP",
}
POLARS_TYPES: Mapping[Kind, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "small_integer": pl.Int32(),
    "number": pl.Float64(),
    "flag": pl.Boolean(),
    "moment": pl.Datetime("us"),
}
_JSON_KINDS: Mapping[str, Kind] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "flag",
}


class UnsupportedField(TypeError):
    """A payload field that no column can hold; the message names it and what can be held."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its model promises of every value in it. Moments are microseconds, UTC, without zone."""

    name: str
    kind: Kind
    is_required: bool = True
    choices: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Where the events of one type go, or, with `item_field`, the items of one list in them."""

    name: str
    event_type: str
    family: str
    item_field: str | None
    envelope: tuple[Column, ...]
    fields: tuple[Column, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.envelope + self.fields

    @property
    def duckdb_types(self) -> dict[str, str]:
        return {column.name: DUCKDB_TYPES[column.kind] for column in self.columns}

    @property
    def polars_schema(self) -> dict[str, pl.DataType]:
        return {column.name: POLARS_TYPES[column.kind] for column in self.columns}

    @property
    def folder(self) -> str:
        """The table's folder in the lake."""
        parts = (self.family, self.event_type, self.item_field)
        return "/".join(part for part in parts if part)


ENVELOPE = (
    Column("seq", "integer", at_least=1),
    Column("id", "text", min_length=1),
    Column("source", "text", min_length=1),
    Column("subject", "text", min_length=1),
    Column("time", "moment"),
    Column("recorded_at", "moment"),
    Column("origin", "text", choices=ORIGINS),
    Column("actor_role", "text", min_length=1),
    Column("actor_key", "text", is_required=False),
    Column("correlation_id", "text", is_required=False),
    Column("causation_id", "text", is_required=False),
    Column("corrects", "text", is_required=False),
    Column("schema_version", "small_integer", at_least=1),
)
_ITEM_ENVELOPE_NAMES = ("seq", "subject", "time", "recorded_at", "origin")
ITEM_ENVELOPE = tuple(column for column in ENVELOPE if column.name in _ITEM_ENVELOPE_NAMES)


@cache
def tables() -> Mapping[str, Table]:
    """Every table of the lake by name, those without a row included."""
    return {table.name: table for model in PAYLOADS.values() for table in tables_of(model)}


def payload_tables() -> dict[str, dict[str, str]]:
    """Every table's columns and their DuckDB types, in order."""
    return {name: table.duckdb_types for name, table in tables().items()}


@cache
def tables_of(model: type[Payload]) -> tuple[Table, ...]:
    """The tables of one payload model: its own first, then one for each list in it."""
    schema = model.model_json_schema()
    lists = {
        name: spec for name, spec in schema["properties"].items() if spec.get("type") == "array"
    }
    scalars = {name: spec for name, spec in schema["properties"].items() if name not in lists}
    name = model.type.replace(".", "_")
    own = Table(name, model.type, model.family, None, ENVELOPE, _columns(model, scalars))
    return own, *(
        replace(
            own,
            name=f"{name}_{field}",
            item_field=field,
            envelope=ITEM_ENVELOPE,
            fields=_columns(model, _item_properties(model, schema, field, spec), ITEM_ENVELOPE),
        )
        for field, spec in lists.items()
    )


def _item_properties(
    model: type[Payload], schema: Mapping[str, Any], field: str, spec: Mapping[str, Any]
) -> Mapping[str, Any]:
    reference = spec["items"].get("$ref")
    if reference is None:
        raise UnsupportedField(
            f"{model.__name__}.{field}: a list in a payload holds `Part`s, no bare values"
        )
    properties: Mapping[str, Any] = schema["$defs"][reference.rpartition("/")[2]]["properties"]
    return properties


def _columns(
    model: type[Payload], properties: Mapping[str, Any], envelope: tuple[Column, ...] = ENVELOPE
) -> tuple[Column, ...]:
    taken = {column.name for column in envelope}
    found = []
    for name, spec in properties.items():
        if name in taken:
            raise UnsupportedField(
                f"{model.__name__}: {name!r} is a column of the envelope; rename the field"
            )
        found.append(_column(model, name, spec))
    return tuple(found)


def _column(model: type[Payload], name: str, spec: Mapping[str, Any]) -> Column:
    shapes = list(_shapes(spec))
    value, *others = [shape for shape in shapes if shape.get("type") != "null"]
    kind = _JSON_KINDS.get(value.get("type", ""))
    if others or kind is None:
        raise UnsupportedField(
            f"{model.__name__}.{name}: a column holds one of {', '.join(_JSON_KINDS)}, or null"
        )
    return Column(
        name,
        kind,
        is_required=len(shapes) == 1,
        choices=tuple(value.get("enum", ())) or ((value["const"],) if "const" in value else ()),
        at_least=value.get("minimum"),
        at_most=value.get("maximum"),
        pattern=value.get("pattern"),
        min_length=value.get("minLength"),
        max_length=value.get("maxLength"),
    )


def _shapes(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from spec.get("anyOf", (spec,))
