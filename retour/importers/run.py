"""One path for every source: files → sold, returned, set aside → orders and returns → one transaction → the account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import psycopg
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import DBAPIError

from retour.assembly import open_retour
from retour.errors import UserError
from retour.importers.history import read_history
from retour.importers.online_retail import read_online_retail
from retour.importers.orders import make_orders
from retour.importers.prepared import PreparedHistory
from retour.importers.reconciliation import (
    Reconciliation,
    listed_set_aside,
    print_reconciliation,
    reconcile,
)
from retour.importers.recorded import load_recorded
from retour.importers.returns import make_returns
from retour.importers.source import Source
from retour.importers.workspace import open_workspace
from retour.settings import Settings
from service.application import Retour
from service.history.commands import Taken

# Makes `sold`, `returned` and `set_aside` in the workspace, at the moment that the application calls now.
Read = Callable[[duckdb.DuckDBPyConnection, datetime], Source]

# What DuckDB makes of Ctrl-C during a query: a bare RuntimeError.
_STOPPED_QUERY = "Query interrupted"
_BROKEN_OFF = (duckdb.Error, DBAPIError, psycopg.Error, OSError)


def import_online_retail(settings: Settings, file: Path, *, encoding: str = "") -> None:
    """Import a published file and print the account. Raises `UserError`; then nothing was imported."""
    run_import(
        settings,
        open_retour(settings),
        lambda con, now: read_online_retail(con, file, encoding=encoding, now=now),
    )


def import_history(
    settings: Settings,
    orders: Path,
    returns: Path,
    *,
    timezone: str = "",
    currency: str = "",
    encoding: str = "",
) -> None:
    """Import two tables and print the account. Raises `UserError`; then nothing was imported."""
    zone = timezone or settings.timezone
    run_import(
        settings,
        open_retour(settings),
        lambda con, now: read_history(
            con, orders, returns, timezone=zone, currency=currency, encoding=encoding, now=now
        ),
    )


def run_import(settings: Settings, retour: Retour, read: Read) -> None:
    """Read a source, take it into the application in one transaction, print what became of each row."""
    folder = settings.var_dir / "imports"
    with open_workspace(folder) as connection, _progress() as progress, _all_or_nothing(settings):
        _refuse_practice(settings, retour)
        reading = progress.add_task("Reading", total=None)
        source = _prepare(connection, retour, read)
        account = reconcile(connection)
        progress.update(reading, total=1, completed=1)
        with listed_set_aside(connection, folder, source.name, account) as set_aside:
            taken = _take_in(connection, retour, source, account, progress)
    print_reconciliation(Console(soft_wrap=True), source, account, taken, set_aside)


@contextmanager
def _all_or_nothing(settings: Settings) -> Iterator[None]:
    """All is one transaction: whatever breaks it off, nothing was imported, and trying again is harmless."""
    try:
        yield
    except (KeyboardInterrupt, RuntimeError, *_BROKEN_OFF) as failed:
        if _is_ctrl_c(failed):
            raise UserError("the import was stopped. Nothing was imported") from failed
        if isinstance(failed, RuntimeError):
            raise
        reason = getattr(failed, "orig", None) or failed
        raise UserError(
            f"the import broke off ({str(reason).strip().splitlines()[0]}). Nothing was imported; see that "
            f"{settings.var_dir}/ has free space and that the database answers, then try again"
        ) from failed


def _is_ctrl_c(failed: BaseException) -> bool:
    """Within a query, or while it reads a frame of ours, DuckDB tells of Ctrl-C in an error of its own."""
    words = str(failed)
    return (
        isinstance(failed, KeyboardInterrupt)
        or words == _STOPPED_QUERY
        or "KeyboardInterrupt" in words
    )


def _refuse_practice(settings: Settings, retour: Retour) -> None:
    """A practice history is played only into an empty log, so the first event tells."""
    if any(event.origin == "simulated" for event in retour.read_log(0, 1)):
        raise UserError(
            f"the log under {settings.var_dir}/ is a practice shop's; a real one must not be mixed with it: "
            "run `make clean`, or set RETOUR_VAR_DIR and RETOUR_WAREHOUSE to a new place"
        )


def _prepare(connection: duckdb.DuckDBPyConnection, retour: Retour, read: Read) -> Source:
    source = read(connection, retour.context.clock.now())
    make_orders(connection)
    source = load_recorded(connection, retour.history, source)
    make_returns(connection, source.name)
    return source


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    retour: Retour,
    source: Source,
    account: Reconciliation,
    progress: Progress,
) -> Taken:
    writing = progress.add_task("Writing the log")
    history = PreparedHistory(
        connection, source, account, lambda events: progress.advance(writing, events)
    )
    progress.update(writing, total=history.size)
    return retour.history.import_(history)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Shown on a terminal only, on stderr, and gone when done."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress
