"""`retour`: the front door. Each command imports what it needs when it is called, so that `--help` is instant."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from retour.costs import app as costs
from retour.errors import UserError
from retour.importers.cli import app as importers
from retour.jobs import app as jobs
from retour.keys import app as keys
from retour.models import app as models
from retour.policies import app as policies
from retour.products import app as products
from retour.settings import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(importers, name="import")
app.add_typer(keys, name="keys")
app.add_typer(policies, name="policy")
app.add_typer(costs, name="costs")
app.add_typer(jobs, name="jobs")
app.add_typer(models, name="model")
app.add_typer(products, name="products")


@app.callback()
def retour() -> None:
    """Runs an online shop's returns, and learns from every one of them."""


@app.command()
def settings() -> None:
    """Print every setting, its value and where it came from."""
    from retour.report import print_settings

    print_settings(load_settings())


@app.command()
def migrate() -> None:
    """Bring the database to this version's tables (every other command does so by itself)."""
    from retour.assembly import open_retour

    open_retour(load_settings())


@app.command()
def erase(
    customer: Annotated[str, typer.Argument(help="the shop's own reference, as in its orders")],
) -> None:
    """Delete for good what leads from a customer to anything: look-up, contact and texts."""
    from retour.erasing import erase_customer

    erase_customer(load_settings(), customer)


@app.command()
def serve() -> None:
    """Start the service alone."""
    from retour.parts import serve_service

    serve_service(load_settings())


@app.command()
def worker() -> None:
    """Start a worker alone: it sends mail and keeps deadlines. Any number may run."""
    from retour.parts import work

    work(load_settings())


@app.command()
def dashboard() -> None:
    """Start the dashboards alone."""
    from retour.parts import serve_dashboard

    serve_dashboard(load_settings())


@app.command()
def refresh() -> None:
    """Run the pipeline's job once: log, lake, warehouse, published marts."""
    from pipelines.refresh import run_refresh

    run_refresh(load_settings())


@app.command()
def train() -> None:
    """Refresh, train a risk model on what is known, and let it decide where it is certified and cheaper."""
    from pipelines.refresh import run_training

    run_training(load_settings())


@app.command()
def rebuild(
    from_log: Annotated[
        bool, typer.Option("--from-log", help="make the lake anew from the log first")
    ] = False,
    first_day: Annotated[
        str, typer.Option(help="make anew only the days from this one on, such as 2026-03-01")
    ] = "",
    last_day: Annotated[str, typer.Option(help="the last of these days")] = "",
) -> None:
    """Make all tables anew, or exactly some days of them, whatever stands; then publish."""
    from pipelines.refresh import run_rebuild, run_rebuild_days

    if (first_day or last_day) and from_log:
        raise UserError(
            "--from-log makes all days anew; leave it out, or --first-day and --last-day"
        )
    if first_day or last_day:
        run_rebuild_days(load_settings(), first_day, last_day)
    else:
        run_rebuild(load_settings(), from_log=from_log)


@app.command()
def simulate(
    days: Annotated[int, typer.Option(min=1, max=3650, help="how many days are played")] = 180,
    orders_per_day: Annotated[
        float, typer.Option(min=0.1, max=1_000_000, help="orders on an average day")
    ] = 400,
    bulk: Annotated[
        int,
        typer.Option(
            min=0,
            max=1_000_000_000,
            help="write about so many events straight into the lake instead, without the service",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(help="the same seed plays the same shop")] = 7,
    scenario: Annotated[
        str, typer.Option(help="calm, usual, rough, practice, or a file (docs/scenarios.md)")
    ] = "usual",
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="the first day that is played")
    ] = datetime(2025, 6, 2),  # noqa: DTZ001  # a day, not a moment
    into: Annotated[
        str, typer.Option(help="the database's name, to play into one that is not empty")
    ] = "",
) -> None:
    """Play a practice shop of any size through the real service; its truth goes to var/truth/."""
    from retour.bulk import write_bulk
    from retour.simulate import simulate as play
    from simulator.reading import scenario_named

    chosen = scenario_named(scenario)
    if bulk:
        write_bulk(load_settings(), chosen, seed, bulk, days=days)
        return
    play(
        load_settings(),
        chosen,
        days=days,
        orders_per_day=orders_per_day,
        seed=seed,
        start=start.date(),
        into=into,
    )


@app.command()
def practice(
    keep_growing: Annotated[
        bool, typer.Option(help="let the shop live on, day by day, until Ctrl-C")
    ] = False,
) -> None:
    """Play a practice shop's past into an empty database, or what is missing of it since it was stopped."""
    from retour.practice import play_practice

    play_practice(load_settings(), keeps_growing=keep_growing)


@app.command()
def run(
    data: Annotated[
        str, typer.Option(help="a shop's real history; without it a practice shop is played")
    ] = "",
) -> None:
    """Fill an empty shop, refresh, then keep service, worker, dashboards and Dagster running until Ctrl-C."""
    from retour.run import run_everything

    run_everything(load_settings(), data)


def main() -> None:
    """The command line: what the user can mend is said in one line, never as a traceback."""
    try:
        app()
    except UserError as mistake:
        sys.exit(f"retour: {mistake}")
