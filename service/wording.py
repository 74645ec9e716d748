"""What is wrong with a request's field, in words that show the right form. Pydantic's own name its types instead."""

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel

from service.platform.fields import PATTERNS

_Words = dict[str, Callable[[dict[str, Any]], str]]

_A_MOMENT = "must be a moment with its offset from UTC, such as 2026-03-02T09:30:00Z or 2026-03-02T10:30:00+01:00"
_A_NUMBER = "must be a whole number without quotes, such as 2"
_WORDS: _Words = {
    "missing": lambda _: "is missing",
    "string_type": lambda _: 'must be text in quotes, such as "A-1001"',
    "string_unicode": lambda _: "holds half a character (a lone surrogate); send whole ones",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda c: f"must have at most {c['max_length']} characters",
    "string_pattern_mismatch": lambda c: PATTERNS[c["pattern"]],
    "int_type": lambda _: _A_NUMBER,
    "int_from_float": lambda _: _A_NUMBER,
    "int_parsing_size": lambda _: "is too large a number",
    "greater_than_equal": lambda c: f"must be {c['ge']:,} or more",
    "less_than_equal": lambda c: f"must be {c['le']:,} or less",
    "literal_error": lambda c: f"must be one of {c['expected']}",
    "bool_type": lambda _: "must be true or false, without quotes",
    "list_type": lambda _: "must be a list in square brackets: [{…}, {…}]",
    "too_short": lambda c: f"must hold at least {c['min_length']}, such as [{{…}}]",
    "too_long": lambda c: f"must hold at most {c['max_length']:,}; it holds {c['actual_length']:,}",
    "model_type": lambda _: "must be a JSON object: {…}",
    "model_attributes_type": lambda _: "must be a JSON object: {…}",
    "timezone_aware": lambda _: _A_MOMENT,
    "datetime_type": lambda _: _A_MOMENT,
    "datetime_parsing": lambda _: _A_MOMENT,
    "datetime_from_date_parsing": lambda _: _A_MOMENT,
    "datetime_object_invalid": lambda _: _A_MOMENT,
    "value_error": lambda c: str(c["error"]),
}


def in_words(error: dict[str, Any], body: type[BaseModel] | None) -> str:
    """One of Pydantic's errors, for a caller. `body` is the model of the whole request body."""
    place, *path = error["loc"]
    kind = error["type"]
    if kind == "extra_forbidden" and body:
        return f"is not known; the fields here are {_fields_at(body, path[:-1])}"
    if kind == "model_attributes_type" and not path:
        return "must be a JSON object, sent with `Content-Type: application/json`"
    if kind == "missing" and place == "body" and not path:
        return "is missing; send a JSON object with `Content-Type: application/json`"
    words = _WORDS.get(kind)
    return words(error.get("ctx", {})) if words else str(error["msg"])


def place_of(error: dict[str, Any]) -> str:
    """Where it is wrong, such as `lines[1].line_no`."""
    place, *path = error["loc"]
    inner = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return inner.lstrip(".") or str(place)


def _fields_at(model: Any, path: Sequence[str | int]) -> str:
    for step in path:
        is_index = isinstance(step, int)
        model = get_args(model)[0] if is_index else _told(model.model_fields[step].annotation)
    return ", ".join(field.alias or name for name, field in model.model_fields.items())


def _told(annotation: Any) -> Any:
    """The type of a field where it is told: of `T | None` it is `T`."""
    kinds = get_args(annotation)
    return next(kind for kind in kinds if kind is not NoneType) if NoneType in kinds else annotation
