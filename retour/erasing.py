"""`retour erase`: a customer's wish to be forgotten."""

import typer

from retour.assembly import open_retour
from retour.settings import Settings
from service.platform.mail import FolderMailer


def erase_customer(settings: Settings, reference: str) -> None:
    """Erase a customer and tell what was deleted, never who it was."""
    letters = FolderMailer(settings.mail_dir)
    erased = open_retour(settings).erasure.erase(reference, letters)
    counts = {
        "look-up": erased.look_ups,
        "link": erased.links,
        "contact": erased.contacts,
        "text": erased.texts,
        "idempotency key": erased.idempotency_keys,
        "tracking number": erased.tracking_numbers,
        "letter": erased.letters,
    }
    told = (f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    typer.echo(f"Deleted: {', '.join(told)}.")
    typer.echo("Orders, returns and events stay, under a token that leads to nobody any more.")
