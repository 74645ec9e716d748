"""What the command line prints about the installation."""

import os
from collections.abc import Iterator

from rich.console import Console
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from retour.settings import PREFIX, Settings

_MAY_HOLD_A_PASSWORD = ("database_url", "smtp_url", "payments_url")


def print_settings(settings: Settings) -> None:
    """A line for each setting: its variable, value, source and meaning. Secrets are not shown."""
    rows = [("variable", "value", "source", "meaning"), *_rows(settings)]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for *columns, meaning in rows:
        padded = (text.ljust(width) for text, width in zip(columns, widths, strict=True))
        console.print("  ".join([*padded, meaning]))
    for name in _unknown(settings):
        console.print(f"{name} is set, but there is no such setting; those there are stand above.")


def _rows(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    sources = settings.sources()
    for name, field in type(settings).model_fields.items():
        yield _variable(name), _shown(settings, name), sources[name], field.description or ""


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _shown(settings: Settings, name: str) -> str:
    value = str(getattr(settings, name))
    if name in _MAY_HOLD_A_PASSWORD and value:
        try:
            return make_url(value).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return "(no address)"
    return value or "–"


def _unknown(settings: Settings) -> list[str]:
    """A mistyped variable is nobody's setting, and silence about it costs an hour."""
    known = {_variable(name) for name in type(settings).model_fields}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
