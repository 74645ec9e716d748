"""`retour refresh` and `retour rebuild`: a job once, in this process, as a run that Dagster shows like any other.

Quiet when all is well: a line that sums it up. Dagster itself is imported when a refresh begins, for it takes seconds.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from pydantic import SecretStr
from rich.console import Console
from rich.status import Status

from pipelines.dagster_home import ensure_dagster_home
from pipelines.publish.manifest import Publication
from retour.settings import Settings

if TYPE_CHECKING:
    from pipelines.run_job import Refreshed

__all__ = ["ensure_dagster_home", "run_refresh", "who_decides"]

_progress = logging.getLogger("retour.progress")


def run_refresh(settings: Settings) -> None:
    """Refresh once and say in a line what came of it. Raises `UserError`."""
    _run(settings, "Refreshed", "refresh")


def run_training(settings: Settings) -> None:
    """Refresh, train, and say in a line what came of it. Raises `UserError`."""
    run_refresh(settings)
    _run(settings, "Trained", "train")
    Console(highlight=False, soft_wrap=True).print(who_decides(settings.published_dir))


def run_rebuild(settings: Settings, *, from_log: bool = False) -> None:
    """Make every relation anew, with `from_log` the lake too, and say in a line what came of it. Raises `UserError`."""
    _run(settings, "Rebuilt", "rebuild", everything=True, from_log=from_log)


def run_rebuild_days(settings: Settings, first_day: str, last_day: str) -> None:
    """Make exactly these days anew and say in a line what came of it. Raises `UserError`."""
    _run(settings, "Rebuilt", "rebuild_days", first_day=first_day, last_day=last_day)


def _run(settings: Settings, done_what: str, job: str, **scope: str | bool) -> None:
    """Run a job, show how far it is, and say in a line what came of it."""
    console = Console(stderr=True, highlight=False)
    home = ensure_dagster_home(settings)
    started = time.monotonic()
    with _told(console), _as_environment(settings):
        from pipelines.run_job import run_job

        done = run_job(home, job, **scope)
    summary = _summary(done_what, done, settings, time.monotonic() - started)
    Console(highlight=False, soft_wrap=True).print(summary)


def _summary(done_what: str, done: "Refreshed", settings: Settings, seconds: float) -> str:
    quarantine = (
        f"[red]{done.quarantined:,} in quarantine[/red], see {settings.quarantine_dir}"
        if done.quarantined
        else "nothing in quarantine"
    )
    return (
        f"{done_what} in {seconds:.1f} s: {done.events:,} events taken in (through {done.through_seq:,}), "
        f"marts changed: {done.marts_changed}; {_flagged(settings.published_dir)}{quarantine}."
    )


def _flagged(published_dir: Path) -> str:
    rows = _published(published_dir, "problem_skus")
    if rows is None:
        return ""
    return f"{rows.filter(pl.col('status') == 'flagged').height} products flagged, "


def who_decides(published_dir: Path) -> str:
    """Who decides on applications after a training, and what speaks against the newest model."""
    rows = _published(published_dir, "risk_standing")
    if rows is None or rows.is_empty():
        return "No application was judged yet: there is nothing to learn from."
    told = rows.row(0, named=True)
    by = f"model {told['champion']}" if told["deciding"] == "model" else "the policy alone"
    newest = (
        f"the newest model is {told['newest']}" if told["newest"] else "no model could be trained"
    )
    against = f"; against deciding by it: {told['against'].rstrip('.')}" if told["against"] else ""
    missing = (
        f"; about {told['missing_labels']:,} labels are missing" if told["missing_labels"] else ""
    )
    return f"Decisions rest on {by}; {newest}{against}{missing}."


def _published(published_dir: Path, name: str) -> pl.DataFrame | None:
    """The rows of a mart as published; None where it is not."""
    publication = Publication.load(published_dir)
    mart = publication.marts.get(name) if publication else None
    if mart is None:
        return None
    return pl.concat(pl.read_parquet(published_dir / file.path) for file in mart.files)


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Show progress: on a terminal in one line that goes away, elsewhere only what takes long."""
    with console.status("refreshing") as status:
        handler = _Teller(console, status)
        handler.setLevel(logging.DEBUG if console.is_terminal else logging.INFO)
        before = _progress.level
        _progress.setLevel(logging.DEBUG)
        _progress.addHandler(handler)
        try:
            yield
        finally:
            _progress.removeHandler(handler)
            _progress.setLevel(before)


class _Teller(logging.Handler):
    def __init__(self, console: Console, status: Status) -> None:
        super().__init__()
        self._console = console
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        if self._console.is_terminal:
            self._status.update(record.getMessage())
        else:
            self._console.print(record.getMessage())


@contextmanager
def _as_environment(settings: Settings) -> Iterator[None]:
    """Let the assets, which read their settings from the environment, find these."""
    before = {name: text for name, text in os.environ.items() if name.startswith("RETOUR_")}
    given = {f"RETOUR_{name.upper()}": _text(value) for name, value in settings}
    _set_environment({name: text for name, text in given.items() if text})
    try:
        yield
    finally:
        _set_environment(before)


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _set_environment(texts: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith("RETOUR_")]:
        del os.environ[name]
    os.environ.update(texts)
