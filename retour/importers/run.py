"""One path for every source: files → sold, returned, set aside → orders and returns → one transaction → the account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import Progress

from retour.assembly import open_retour
from retour.errors import UserError
from retour.importers.history import read_history
from retour.importers.online_retail import read_online_retail
from retour.importers.orders import make_orders
from retour.importers.prepared import PreparedHistory
from retour.importers.reconciliation import print_reconciliation, reconcile, write_set_aside
from retour.importers.returns import make_returns
from retour.importers.source import Source
from retour.importers.workspace import open_workspace
from retour.settings import Settings
from service.application import Retour


def import_online_retail(settings: Settings, file: Path) -> None:
    """Import a published file and print the account. Raises `UserError`; then nothing was imported."""
    run_import(settings, open_retour(settings), lambda con: read_online_retail(con, file))


def import_history(
    settings: Settings, orders: Path, returns: Path, *, timezone: str = "", currency: str = ""
) -> None:
    """Import two tables and print the account. Raises `UserError`; then nothing was imported."""
    zone = timezone or settings.timezone
    run_import(
        settings,
        open_retour(settings),
        lambda con: read_history(con, orders, returns, timezone=zone, currency=currency),
    )


def run_import(
    settings: Settings, retour: Retour, read: Callable[[duckdb.DuckDBPyConnection], Source]
) -> None:
    """Read a source, take it into the application in one transaction, print what became of each row."""
    _refuse_practice(settings, retour)
    folder = settings.var_dir / "imports"
    with open_workspace(folder) as connection, _progress() as progress:
        reading = progress.add_task("Reading", total=None)
        source = _prepare(connection, read)
        account = reconcile(connection)
        progress.update(reading, total=1, completed=1)
        writing = progress.add_task("Writing the log")
        history = PreparedHistory(
            connection, source, account, lambda events: progress.advance(writing, events)
        )
        progress.update(writing, total=history.size)
        taken = retour.history.import_(history)
        set_aside = write_set_aside(connection, folder, source.name, account.content_sha256)
        progress.stop()
        print_reconciliation(Console(soft_wrap=True), source, account, taken, set_aside)


def _refuse_practice(settings: Settings, retour: Retour) -> None:
    """A practice history is played only into an empty log, so the first event tells."""
    if any(event.origin == "simulated" for event in retour.read_log(0, 1)):
        raise UserError(
            f"the log under {settings.var_dir}/ is a practice shop's; a real one must not be mixed with it: "
            "run `make clean`, or set RETOUR_VAR_DIR and RETOUR_WAREHOUSE to a new place"
        )


def _prepare(
    connection: duckdb.DuckDBPyConnection, read: Callable[[duckdb.DuckDBPyConnection], Source]
) -> Source:
    source = read(connection)
    make_orders(connection)
    make_returns(connection, source.name)
    return source


@contextmanager
def _progress() -> Iterator[Progress]:
    """Shown on a terminal only, on stderr, and gone when done."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress
