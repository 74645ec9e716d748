"""`retour products`: what is known of products, for those outside who have no dashboard."""

import re
from pathlib import Path
from typing import Annotated

import typer

from retour.errors import UserError
from retour.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Products that come back too often.")

_NOT_IN_A_NAME = re.compile(r"[^\w]+")


class NoSuchVendor(UserError):
    """Nothing of this vendor is flagged."""


@app.command()
def supplier_report(
    vendor: Annotated[
        str, typer.Option(help="the supplier, as the shop's products name it; all if left out")
    ] = "",
    into: Annotated[Path, typer.Option(help="the folder that the files go to")] = Path(),
) -> None:
    """Write a supplier's flagged products as CSV, one file a supplier; as of the last refresh."""
    import duckdb

    from dashboards.publication import read_publication
    from dashboards.queries import supplier_report as queries
    from retour.spreadsheet import csv_text

    publication = read_publication(load_settings().published_dir)
    if unfit := publication.lacks(queries.NEEDS):
        raise unfit
    with duckdb.connect() as connection:
        for mart in queries.NEEDS:
            connection.read_parquet(list(publication.files[mart])).create_view(mart)
        known = queries.vendors(connection)
        if vendor and vendor not in known:
            raise NoSuchVendor(
                f"no product of vendor {vendor!r} is flagged; those of which one is: {', '.join(known) or 'none'}"
            )
        if not known:
            typer.echo("No product with a vendor is flagged, so there is nothing to report.")
        for number, each in enumerate(known, 1):
            if vendor in ("", each):
                text = csv_text(queries.supplier_report(connection, each))
                typer.echo(_written(into, _file_name(each, number), text))


def _file_name(vendor: str, number: int) -> str:
    """Different for each vendor, even where two names differ in signs alone that no file name can hold."""
    plain = _NOT_IN_A_NAME.sub("-", vendor).strip("-")
    return f"supplier-report-{number:03}-{plain[:60]}.csv"


def _written(folder: Path, name: str, text: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as refused:
        raise UserError(
            f"cannot write {folder / name} ({refused.strerror}); name another folder with --into"
        ) from refused
    return folder / name
