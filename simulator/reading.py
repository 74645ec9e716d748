"""A scenario by its name or from a file. What is wrong is said with its line, and with what would be right."""

from pathlib import Path

from retour.errors import UserError
from service.platform.toml_files import FileKind, read_model
from simulator.scenario import Scenario

SHIPPED = ("calm", "usual", "rough", "practice")
_FOLDER = Path(__file__).parent / "scenarios"


class BadScenario(UserError):
    """A scenario that cannot be played; a line for each fault names file, line, and what is allowed."""


_SCENARIO_FILE = FileKind(
    model=Scenario,
    bad=BadScenario,
    name="scenario",
    if_unreadable=f"name a file, or one of the scenarios that Retour brings: {', '.join(SHIPPED)}",
    if_incomplete=f"{_FOLDER / 'usual.toml'} says every line to copy from",
    sample_text='"usual"',
    sample_table="{ DE = 22.0 }",
    patterns={
        r"^[A-Z]{2}$": "two capital letters of ISO 3166, such as DE or CN",
        r"^[a-z][a-z0-9_]{0,59}$": "small letters, digits and underscores, such as my_shop",
    },
)


def scenario_named(name_or_path: str) -> Scenario:
    """The shipped scenario of that name, or else the one in that file. Raises `BadScenario`."""
    is_shipped = name_or_path in SHIPPED
    path = _FOLDER / f"{name_or_path}.toml" if is_shipped else Path(name_or_path)
    return read_model(path, _SCENARIO_FILE)
