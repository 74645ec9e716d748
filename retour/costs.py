"""`retour costs`: what returns cost beside the money that goes back, as a file. Heavy things are imported when a command runs."""

from pathlib import Path
from typing import Annotated

import typer

from retour.settings import load_settings

app = typer.Typer(
    no_args_is_help=True,
    help="What parcels, inspections and lost value cost: show or check a file.",
)
CostFile = Annotated[Path, typer.Argument(help="a cost file (TOML); `show` prints one")]


@app.command()
def check(file: CostFile) -> None:
    """Say whether a cost file is sound; or where it is not, line by line."""
    from pipelines.costs import cost_rates, read_costs

    rates = cost_rates(read_costs(file))
    currencies = sorted({rate.currency for rate in rates if rate.currency})
    typer.echo(
        f"{file} is sound: {len(rates)} rates, amounts in {', '.join(currencies) or 'no currency'}"
    )


@app.command()
def show() -> None:
    """Print the cost file in force, with its explanations: the beginning of your own."""
    from pipelines.costs import costs_text_in_force

    typer.echo(costs_text_in_force(load_settings()), nl=False)
