"""`retour keys`: the API keys of systems that talk to the service."""

from typing import Annotated

import typer

from retour.errors import UserError
from retour.settings import load_settings

app = typer.Typer(
    no_args_is_help=True, help="API keys of the systems and people that talk to the service."
)

_LONGEST_NAME = 100
_LISTED = "{:<30}  {:<11}  {:<18}  {:<12}  {}"


@app.command()
def create(
    role: Annotated[str, typer.Option(help="what it may do: shop, storefront, reviewer, …")],
    name: Annotated[str, typer.Option(help="which system or device it is for")],
    staff: Annotated[
        str,
        typer.Option(help="the id of the member of staff whose key it is, as GET /v1/staff shows"),
    ] = "",
) -> None:
    """Make a key and print it: this once, it is kept as a hash only."""
    from retour.assembly import open_retour
    from service.platform.auth import SCOPES

    known = {each: each for each in SCOPES}
    if role not in known:
        raise UserError(f"--role {role!r} is not known; choose one of {', '.join(known)}")
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UserError(
            f"--name must be one line of 1 to {_LONGEST_NAME} characters that says whose key it is, such as 'dock scanner 2'"
        )
    retour = open_retour(load_settings())
    if staff:
        typer.echo(retour.staff.create_key(staff, known[role], name))
    else:
        typer.echo(retour.keys.create(known[role], name))


@app.command(name="list")
def list_() -> None:
    """Every key's id, role, state, member of staff and name. The keys themselves cannot be shown."""
    from retour.assembly import open_retour

    entries = open_retour(load_settings()).keys.entries()
    if not entries:
        typer.echo("There is no key yet; `retour keys create --role … --name …` makes one.")
        return
    typer.echo(_LISTED.format("id", "role", "state", "staff", "name"))
    for entry in entries:
        state = f"revoked {entry.revoked_at:%Y-%m-%d}" if entry.revoked_at else "in force"
        staff = entry.staff_id or "–"
        typer.echo(_LISTED.format(entry.key_id, entry.role, state, staff, entry.name))


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="the id that `retour keys list` shows")],
) -> None:
    """From now on the key is refused."""
    from retour.assembly import open_retour

    open_retour(load_settings()).keys.revoke(key_id)
