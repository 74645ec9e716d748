"""What the command line prints about the installation."""

from rich.console import Console
from rich.table import Table

from retour.settings import Settings


def print_settings(settings: Settings) -> None:
    """A table of each setting: its variable, value, source and meaning. Secrets are not shown."""
    table = Table("variable", "value", "source", "meaning", box=None, pad_edge=False)
    sources = settings.sources()
    for name, field in type(settings).model_fields.items():
        table.add_row(
            f"RETOUR_{name.upper()}",
            str(getattr(settings, name)) or "–",
            sources[name],
            field.description or "",
        )
    Console(width=None, soft_wrap=True).print(table)
