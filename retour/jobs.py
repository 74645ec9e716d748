"""`retour jobs`: what waits to be done, and what failed."""

from typing import TYPE_CHECKING, Annotated

import typer

from retour.errors import UserError
from retour.settings import load_settings

if TYPE_CHECKING:
    from service.platform.jobs import JobEntry

app = typer.Typer(no_args_is_help=True, help="Side effects and deadlines that wait for the worker.")

_LISTED = "{:<36}  {:<16}  {:<28}  {:<7}  {:<16}  {:>5}  {}"


@app.command(name="list")
def list_(
    parked: Annotated[bool, typer.Option(help="only those that were given up")] = False,
) -> None:
    """Every job that is not done, the one due first at the top, with what its last try failed of."""
    from retour.assembly import open_retour

    entries = open_retour(load_settings()).jobs.entries(only_parked=parked)
    if not entries:
        typer.echo("No job is parked." if parked else "No job waits.")
        return
    typer.echo(_LISTED.format("id", "kind", "subject", "state", "due (UTC)", "tries", "last error"))
    for entry in entries:
        typer.echo(_row(entry).rstrip())


@app.command()
def retry(
    job_id: Annotated[str, typer.Argument(help="the id that `retour jobs list` shows")] = "",
    all_: Annotated[bool, typer.Option("--all", help="every job that failed")] = False,
) -> None:
    """Put a failed job back: it is due at once, with all its tries."""
    from retour.assembly import open_retour

    if bool(job_id) == all_:
        raise UserError("name one job, as `retour jobs list` shows it, or give --all")
    jobs = open_retour(load_settings()).jobs
    if all_:
        typer.echo(f"{jobs.retry_all()} put back.")
    else:
        jobs.retry(job_id)


def _row(entry: "JobEntry") -> str:
    state = "in hand" if entry.in_hand_until else entry.state
    due = f"{entry.due_at:%Y-%m-%d %H:%M}"
    tries, error = entry.attempts, entry.last_error or ""
    return _LISTED.format(entry.job_id, entry.kind, entry.subject, state, due, tries, error)
