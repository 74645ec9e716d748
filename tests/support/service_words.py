"""What the service says to people, found in its source: phrases, and the facts that a text fills in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import service

SERVICE = Path(service.__path__[0])


def placeholders(text: str) -> set[str]:
    """The facts that a template names: `{{ fact }}`, and those that it asks for."""
    names = re.findall(r"{{ ([\w.]+) }}|{% (?:el)?if ([\w.]+)|in ([\w.]+) %}", text)
    return {name for each in names for name in each if name}


def phrases() -> dict[str, str]:
    """Every literal text of a `Phrase` in the service's code, and where it stands."""
    found: dict[str, str] = {}
    for path in sorted(SERVICE.rglob("*.py")):
        for text, line in _in_file(path.read_text()):
            found.setdefault(text, f"{path.relative_to(SERVICE)}:{line}")
    return found


def _in_file(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not _is_phrase(node.func):
            continue
        given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "text")]
        for each in given:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value, node.lineno


def _is_phrase(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "Phrase"
