"""What is imported stands in pyproject.toml, and not only in what something else happens to bring along."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("retour", "service", "simulator", "models", "pipelines", "dashboards")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WHOLE = ("service", "pipeline", "dashboard")
EXTRAS = {"service": ("service",), "dashboards": ("dashboard",)}


def imported(folder: str) -> Iterator[str]:
    """The top-level modules of others that a folder's files import."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            tops = {name.split(".")[0] for name in names}
            yield from tops - sys.stdlib_module_names - set(OURS)


def declared(extras: tuple[str, ...]) -> set[str]:
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in optional[extra])]
    return {plain(re.split(r"[\[<>=~! ]", line)[0]) for line in lines}


def plain(name: str) -> str:
    return name.lower().replace("_", "-")


@pytest.mark.parametrize("folder", OURS)
def test_what_a_folder_imports_is_declared(folder: str) -> None:
    brings = packages_distributions()
    known = declared(EXTRAS.get(folder, WHOLE))

    undeclared = {
        name
        for name in imported(folder)
        if not known & {plain(each) for each in brings.get(name, [])}
    }

    assert undeclared == set()
