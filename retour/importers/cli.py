"""`retour import`: a shop's past, read from files. Heavy things are imported when a command runs."""

from pathlib import Path
from typing import Annotated

import typer

from retour.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Take in a shop's past from files.")
_Encoding = Annotated[
    str,
    typer.Option(
        help="how a .csv is written, such as gb18030 or windows-1252 (else UTF-8 or Latin-1)"
    ),
]


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
    encoding: _Encoding = "",
) -> None:
    """Import any shop's past from two tables, described in docs/import.md."""
    from retour.importers.run import import_history

    import_history(
        load_settings(), orders, returns, timezone=timezone, currency=currency, encoding=encoding
    )


@app.command("online-retail")
def online_retail(
    file: Annotated[Path, typer.Argument(help="the table as published: .csv, .xlsx or .parquet")],
    encoding: _Encoding = "",
) -> None:
    """Import UCI Online Retail or Online Retail II as published."""
    from retour.importers.run import import_online_retail

    import_online_retail(load_settings(), file, encoding=encoding)
