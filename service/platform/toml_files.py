"""A TOML file read into a model. What is wrong is said with its line, and with what would be right."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retour.errors import UserError
from service.platform.toml_places import Place, lines_by_place

_MOST_FAULTS = 10
_KEY_ITSELF = "[key]"  # how Pydantic marks that not the value but its key is wrong

Model = TypeVar("Model", bound=BaseModel)
Said = Callable[[ErrorDetails], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind(Generic[Model]):
    """A kind of file: what is in it, and what is said of one that cannot be used.

    `patterns` says in words what each regular expression of the model asks for.
    """

    model: type[Model]
    bad: type[UserError]  # what is raised
    name: str
    if_unreadable: str
    if_incomplete: str
    sample_text: str
    sample_table: str
    patterns: Mapping[str, str]


def read_model(path: Path, kind: FileKind[Model]) -> Model:
    """What the file holds. Raises the kind's `bad`: a line for each fault, with file, line, key and what is allowed."""
    text = _text(path, kind)
    try:
        return kind.model.model_validate(_toml(path, text, kind))
    except ValidationError as invalid:
        raise kind.bad("\n".join(_faults(path, text, kind, invalid))) from invalid


def _text(path: Path, kind: FileKind[Model]) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as other:
        line = other.object[: other.start].count(b"\n") + 1
        raise kind.bad(f"{path}:{line}: this is not UTF-8; save the file as UTF-8") from other
    except OSError as missing:
        raise kind.bad(
            f"cannot read the {kind.name} {path} ({missing.strerror}); {kind.if_unreadable}"
        ) from missing


def _toml(path: Path, text: str, kind: FileKind[Model]) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as nested:
        raise kind.bad(f"{path}: brackets are nested too deeply") from nested
    except ValueError as broken:
        said = re.fullmatch(r"(.*?)(?: \(at (?:line (\d+), .*|end of document)\))?", str(broken))
        words, line = said.groups() if said else (str(broken), None)
        place = line or len(text.splitlines()) or 1
        raise kind.bad(
            f'{path}:{place}: this is not TOML: {words}; write name = 1, name = "text", '
            'name = ["a", "b"] or [section]'
        ) from broken


def _faults(
    path: Path, text: str, kind: FileKind[Model], invalid: ValidationError
) -> Iterator[str]:
    lines, say = lines_by_place(text), _SAID | _said_of(kind)
    faults = sorted((_line(lines, error), _words(say, error)) for error in invalid.errors())
    for line, words in faults[:_MOST_FAULTS]:
        yield f"{path}:{line}: {words}"
    if len(faults) > _MOST_FAULTS:
        yield f"… and {len(faults) - _MOST_FAULTS} more"


def _line(lines: Mapping[Place, int], error: ErrorDetails) -> int:
    """The line of a fault; of what is not there, that of the section where it is missed."""
    place = next((key for key in _keys_named(error) if key in lines), error["loc"])
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _keys_named(error: ErrorDetails) -> Iterator[Place]:
    """The keys of a section that a fault of the section as a whole may name, in its own order."""
    if _names_its_section(error):
        for word in re.findall(r"\w+", _validators_words(error)):
            yield (*error["loc"], word)


def _words(say: Mapping[str, Said], error: ErrorDetails) -> str:
    said = say.get(error["type"], _otherwise)(error)
    return said if _names_its_section(error) else f"{_written(error['loc'])} {said}"


def _names_its_section(error: ErrorDetails) -> bool:
    """Whether a validator speaks of a whole section, and so names the keys that it means: "staff.opens must …"."""
    return error["type"] == "value_error" and _validators_words(error).startswith(
        f"{_written(error['loc'])}."
    )


def _validators_words(error: ErrorDetails) -> str:
    return str(error["ctx"]["error"])


def _written(place: Place) -> str:
    steps = (
        f"[{step}]" if isinstance(step, int) else f".{step}"
        for step in place
        if step != _KEY_ITSELF
    )
    return "".join(steps).lstrip(".") or "the file"


def _shown(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _otherwise(said: ErrorDetails) -> str:
    return f"is wrong: {said['msg']}"


def _must_be(right: str) -> Said:
    return lambda said: f"is {_shown(said['input'])}; it must be {right}"


def _outside(model: type[BaseModel], said: ErrorDetails) -> str:
    """What the whole range is, not only the bound that was crossed."""
    schema = _schema_at(model.model_json_schema(), said["loc"])
    found = [(schema[name], words) for name, words in _BOUNDS.items() if name in schema]
    if [name for name in _BOUNDS if name in schema] == ["minimum", "maximum"]:
        right = " to ".join(f"{bound:,.13g}" for bound, _ in found)
    else:
        right = " and ".join(words.format(bound) for bound, words in found)
    return f"is {_shown(said['input'])}; it must be {right}"


def _schema_at(schema: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """The JSON Schema of the value at a place."""
    found: Mapping[str, Any] = schema
    for step in place:
        found = _resolved(schema, found)
        found = found.get("properties", {}).get(step) or _of_any_name(found)
    return _resolved(schema, found)


def _of_any_name(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON Schema of the values of a table whose names are not fixed."""
    by_pattern = table.get("patternProperties", {}).values()
    found: Mapping[str, Any] = next(iter(by_pattern), table.get("additionalProperties", table))
    return found


def _resolved(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = part.get("$ref")
    resolved: Mapping[str, Any] = (
        schema["$defs"][reference.rpartition("/")[2]] if reference else part
    )
    return resolved


def _not_allowed(said: ErrorDetails) -> str:
    allowed = re.findall(r"'([^']*)'", said["ctx"]["expected"])
    return f"is {_shown(said['input'])}; allowed are {', '.join(map(_shown, allowed))}"


def _not_known(model: type[BaseModel], said: ErrorDetails) -> str:
    return f"is not known; known there are {', '.join(_keys_at(model, said['loc'][:-1]))}"


def _not_of_pattern(patterns: Mapping[str, str], said: ErrorDetails) -> str:
    right = patterns.get(said["ctx"]["pattern"], said["msg"])
    return f"is {_shown(said['input'])}; it must be {right}"


_CROSSED = ("greater_than_equal", "less_than_equal", "greater_than", "less_than")
_BOUNDS = {
    "minimum": "{:,.13g} or more",
    "exclusiveMinimum": "more than {:,.13g}",
    "maximum": "{:,.13g} or less",
    "exclusiveMaximum": "less than {:,.13g}",
}
_SAID: dict[str, Said] = {
    "literal_error": _not_allowed,
    "string_too_short": lambda _: "is empty; write something",
    "string_too_long": lambda said: f"is longer than {said['ctx']['max_length']} characters",
    "int_type": _must_be("a whole number, such as 30"),
    "int_from_float": _must_be("a whole number, such as 30"),
    "float_type": _must_be("a number, such as 0.5"),
    "finite_number": _must_be("a number, such as 0.5"),
    "bool_type": _must_be("true or false"),
    "time_type": _must_be("a time without quotes, such as 09:00:00"),
    "date_type": _must_be("a date without quotes, such as 2026-12-25"),
    "tuple_type": _must_be('a list, such as ["…", "…"]'),
    "model_type": _must_be("a section with names and values"),
    "too_short": lambda said: f"holds too little; name {said['ctx']['min_length']} or more",
    "value_error": _validators_words,
}


def _said_of(kind: FileKind[Model]) -> dict[str, Said]:
    """What is said in the words of a kind of file."""
    return {
        "missing": lambda _: f"is missing; {kind.if_incomplete}",
        "extra_forbidden": partial(_not_known, kind.model),
        **dict.fromkeys(_CROSSED, partial(_outside, kind.model)),
        "string_pattern_mismatch": partial(_not_of_pattern, kind.patterns),
        "string_type": _must_be(f"text in quotes, such as {kind.sample_text}"),
        "dict_type": _must_be(f"a table, such as {kind.sample_table}"),
    }


def _keys_at(model: Any, place: Place) -> Iterator[str]:
    """The names that a section may hold."""
    for step in place:
        is_section = isinstance(model, type) and issubclass(model, BaseModel)
        model = _fields(model)[str(step)] if is_section else get_args(model)[-1]
    yield from _fields(model)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
