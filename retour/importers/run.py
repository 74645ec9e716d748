"""One path for every source: files → sold, returned, set aside → orders and returns → one transaction → the account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import DBAPIError

from retour.assembly import open_retour
from retour.errors import UserError
from retour.importers.files import is_disk_full
from retour.importers.history import read_history
from retour.importers.online_retail import read_online_retail
from retour.importers.orders import make_orders
from retour.importers.prepared import PreparedHistory
from retour.importers.reconciliation import (
    Reconciliation,
    print_reconciliation,
    reconcile,
    write_set_aside,
)
from retour.importers.recorded import make_matchable
from retour.importers.returns import make_returns, match_returns
from retour.importers.source import Source
from retour.importers.workspace import open_workspace
from retour.settings import Settings
from service.application import Retour
from service.history.commands import Taken


def import_online_retail(settings: Settings, file: Path) -> None:
    """Import a published file and print the account. Raises `UserError`; then nothing was imported."""
    run_import(settings, open_retour(settings), lambda con: read_online_retail(con, file))


def import_history(
    settings: Settings, orders: Path, returns: Path, *, timezone: str = "", currency: str = ""
) -> None:
    """Import two tables and print the account. Raises `UserError`; then nothing was imported."""
    zone = timezone or settings.timezone
    retour = open_retour(settings)
    now = retour.context.clock.now()
    run_import(
        settings,
        retour,
        lambda con: read_history(con, orders, returns, timezone=zone, currency=currency, now=now),
    )


def run_import(
    settings: Settings, retour: Retour, read: Callable[[duckdb.DuckDBPyConnection], Source]
) -> None:
    """Read a source, take it into the application in one transaction, print what became of each row."""
    _refuse_practice(settings, retour)
    folder = settings.var_dir / "imports"
    with _all_or_nothing(folder):
        source, account, taken, set_aside = _take_in(folder, retour, read)
    print_reconciliation(Console(soft_wrap=True), source, account, taken, set_aside)


def _take_in(
    folder: Path, retour: Retour, read: Callable[[duckdb.DuckDBPyConnection], Source]
) -> tuple[Source, Reconciliation, Taken, Path]:
    with open_workspace(folder) as connection, _progress() as progress:
        reading = progress.add_task("Reading", total=None)
        source = _prepare(connection, retour, read)
        account = reconcile(connection)
        progress.update(reading, total=1, completed=1)
        writing = progress.add_task("Writing the log")
        history = PreparedHistory(
            connection, source, account, lambda events: progress.advance(writing, events)
        )
        progress.update(writing, total=history.size)
        with write_set_aside(connection, folder, source.name, account.content_sha256) as set_aside:
            taken = retour.history.import_(history)
    return source, account, taken, set_aside


def _refuse_practice(settings: Settings, retour: Retour) -> None:
    """A practice history is played only into an empty log, so the first event tells."""
    if any(event.origin == "simulated" for event in retour.read_log(0, 1)):
        raise UserError(
            f"the log under {settings.var_dir}/ is a practice shop's; a real one must not be mixed with it: "
            "run `make clean`, or set RETOUR_VAR_DIR and RETOUR_WAREHOUSE to a new place"
        )


def _prepare(
    connection: duckdb.DuckDBPyConnection,
    retour: Retour,
    read: Callable[[duckdb.DuckDBPyConnection], Source],
) -> Source:
    source = read(connection)
    make_orders(connection)
    make_returns(connection, source.name)
    notes = make_matchable(connection, retour.history)
    match_returns(connection)
    return replace(source, notes=(*source.notes, *notes))


@contextmanager
def _all_or_nothing(folder: Path) -> Iterator[None]:
    """Whatever stops an import, it was taken in whole or not at all: say why, and what to do."""
    try:
        yield
    except KeyboardInterrupt:
        raise UserError(
            "the import was interrupted; run it again, it adds what is not recorded yet"
        ) from None
    except (duckdb.Error, DBAPIError, OSError) as stopped:
        words = str(getattr(stopped, "orig", None) or stopped).strip().splitlines()
        reason = words[0] if words else type(stopped).__name__
        cure = f"free space for {folder}/ and" if is_disk_full(reason) else "mend that and"
        raise UserError(
            f"the import stopped ({reason}); nothing was imported, {cure} run it again"
        ) from stopped


@contextmanager
def _progress() -> Iterator[Progress]:
    """Shown on a terminal only, on stderr, and gone when done."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress
