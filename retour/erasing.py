"""`retour erase`: a customer's wish to be forgotten."""

import typer

from retour.assembly import open_retour
from retour.settings import Settings


def erase_customer(settings: Settings, reference: str) -> None:
    """Erase a customer and tell what was deleted, never who it was."""
    erased = open_retour(settings).erasure.erase(reference)
    typer.echo(
        f"Deleted: {erased.look_ups} look-ups, {erased.links} links, {erased.contacts} contact, {erased.texts} texts, "
        f"{erased.idempotency_keys} idempotency keys."
    )
    typer.echo("Orders, returns and events stay, under a token that leads to nobody any more.")
