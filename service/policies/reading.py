"""A policy file, read and checked. What is wrong is said with its line, and with what would be right."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retour.errors import UserError
from service.domain.policy import Policy
from service.policies.places import Place, lines_by_place

_MOST_FAULTS = 10
_KEY_ITSELF = "[key]"  # how Pydantic marks that not the value but its key is wrong
_A_WHOLE_POLICY = "`retour policy show` prints a whole policy to copy from"


class BadPolicy(UserError):
    """A policy file that cannot be used; a line for each fault names file, line, and what is allowed."""


def read_policy(path: Path) -> Policy:
    """The policy in a file. Raises `BadPolicy`."""
    text = _text(path)
    try:
        return Policy.model_validate(_toml(path, text))
    except ValidationError as invalid:
        raise BadPolicy("\n".join(_faults(path, text, invalid))) from invalid


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as other:
        line = other.object[: other.start].count(b"\n") + 1
        raise BadPolicy(f"{path}:{line}: this is not UTF-8; save the file as UTF-8") from other
    except OSError as missing:
        raise BadPolicy(
            f"cannot read the policy {path} ({missing.strerror}); name a file, or leave RETOUR_POLICY "
            f"empty for the built-in policy. {_A_WHOLE_POLICY}"
        ) from missing


def _toml(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as nested:
        raise BadPolicy(f"{path}: brackets are nested too deeply") from nested
    except ValueError as broken:
        said = re.fullmatch(r"(.*?)(?: \(at (?:line (\d+), .*|end of document)\))?", str(broken))
        words, line = said.groups() if said else (str(broken), None)
        place = line or len(text.splitlines()) or 1
        raise BadPolicy(
            f'{path}:{place}: this is not TOML: {words}; write name = 1, name = "text", '
            'name = ["a", "b"] or [section]'
        ) from broken


def _faults(path: Path, text: str, invalid: ValidationError) -> Iterator[str]:
    lines = lines_by_place(text)
    faults = sorted((_line(lines, error["loc"]), _words(error)) for error in invalid.errors())
    for line, words in faults[:_MOST_FAULTS]:
        yield f"{path}:{line}: {words}"
    if len(faults) > _MOST_FAULTS:
        yield f"… and {len(faults) - _MOST_FAULTS} more"


def _line(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a place; of what is not there, that of the section where it is missed."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _words(error: ErrorDetails) -> str:
    place = tuple(step for step in error["loc"] if step != _KEY_ITSELF)
    return f"{_written(place)} {_WORDS.get(error['type'], _otherwise)(error)}"


def _written(place: Place) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).lstrip(".") or "the file"


def _shown(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _otherwise(said: ErrorDetails) -> str:
    return f"is wrong: {said['msg']}"


def _must_be(right: str) -> Callable[[ErrorDetails], str]:
    return lambda said: f"is {_shown(said['input'])}; it must be {right}"


def _bounded(bound: str, words: str) -> Callable[[ErrorDetails], str]:
    return lambda said: f"is {_shown(said['input'])}; it must be {words.format(said['ctx'][bound])}"


def _not_allowed(said: ErrorDetails) -> str:
    allowed = re.findall(r"'([^']*)'", said["ctx"]["expected"])
    return f"is {_shown(said['input'])}; allowed are {', '.join(map(_shown, allowed))}"


def _not_known(said: ErrorDetails) -> str:
    return f"is not known; known there are {', '.join(_keys_at(said['loc'][:-1]))}"


def _of_pattern(said: ErrorDetails) -> str:
    right = _PATTERNS.get(said["ctx"]["pattern"], said["msg"])
    return f"is {_shown(said['input'])}; it must be {right}"


_PATTERNS = {
    r"^[A-Z]{3}$": "three capital letters of ISO 4217, such as EUR or CNY",
    r"^[a-z][a-z0-9_]{0,59}$": "small letters, digits and underscores, such as eu_14_day",
    r"^[^\x00-\x1f\x7f]*$": "text without control characters",
}
_WORDS: dict[str, Callable[[ErrorDetails], str]] = {
    "missing": lambda _: f"is missing; {_A_WHOLE_POLICY}",
    "extra_forbidden": _not_known,
    "literal_error": _not_allowed,
    "string_pattern_mismatch": _of_pattern,
    "string_type": _must_be('text in quotes, such as "2026-11"'),
    "string_too_short": lambda _: "is empty; write something",
    "string_too_long": lambda said: f"is longer than {said['ctx']['max_length']} characters",
    "int_type": _must_be("a whole number, such as 30"),
    "int_from_float": _must_be("a whole number, such as 30"),
    "float_type": _must_be("a number, such as 0.5"),
    "finite_number": _must_be("a number, such as 0.5"),
    "bool_type": _must_be("true or false"),
    "time_type": _must_be("a time without quotes, such as 09:00:00"),
    "tuple_type": _must_be('a list, such as ["…", "…"]'),
    "dict_type": _must_be("a table, such as { EUR = 500 }"),
    "model_type": _must_be("a section with names and values"),
    "too_short": lambda said: f"holds too little; name {said['ctx']['min_length']} or more",
    "greater_than_equal": _bounded("ge", "{:,.13g} or more"),
    "less_than_equal": _bounded("le", "{:,.13g} or less"),
    "greater_than": _bounded("gt", "more than {:,.13g}"),
    "less_than": _bounded("lt", "less than {:,.13g}"),
    "value_error": lambda said: str(said["ctx"]["error"]),
}


def _keys_at(place: Place) -> Iterator[str]:
    """The names that a section may hold."""
    model: Any = Policy
    for step in place:
        is_section = isinstance(model, type) and issubclass(model, BaseModel)
        model = _fields(model)[str(step)] if is_section else get_args(model)[-1]
    yield from _fields(model)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
