"""`retour import`: a shop's past, read from files. Heavy things are imported when a command runs."""

from pathlib import Path
from typing import Annotated

import typer

from retour.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Take in a shop's past from files.")


@app.command()
def history(
    orders: Annotated[Path, typer.Argument(help="order lines: .csv, .parquet or .xlsx")],
    returns: Annotated[Path, typer.Argument(help="returned lines: .csv, .parquet or .xlsx")],
    timezone: Annotated[
        str, typer.Option(help="IANA zone of times written without one (else RETOUR_TIMEZONE)")
    ] = "",
    currency: Annotated[
        str, typer.Option(help="ISO 4217 code of amounts, where the tables have no such column")
    ] = "",
) -> None:
    """Import any shop's past from two tables, described in docs/import.md."""
    from retour.importers.run import import_history

    import_history(load_settings(), orders, returns, timezone=timezone, currency=currency)


@app.command("online-retail")
def online_retail(
    file: Annotated[Path, typer.Argument(help="the table as published: .csv, .xlsx or .parquet")],
) -> None:
    """Import UCI Online Retail or Online Retail II as published."""
    from retour.importers.run import import_online_retail

    import_online_retail(load_settings(), file)
