"""A practice shop small enough for a test, played in this process or in one that is killed."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from retour import practice
from retour.assembly import open_retour
from retour.settings import Settings
from retour.simulate import Theatre, simulate
from service.domain.events import RecordedEvent
from simulator.plan import Plan
from simulator.play.play import Play
from simulator.play.stage import Stage
from simulator.scenario import Scenario, Shop
from simulator.truth import Truth

DAYS, ORDERS_PER_DAY = 28, 10.0
SMALL = Scenario(shop=Shop(products=60))


def settings_in(folder: Path) -> Settings:
    return Settings(var_dir=folder / "var", warehouse=folder / "warehouse.duckdb")


def simulated(folder: Path, seed: int, days: int = DAYS) -> Settings:
    """A simulated shop in a folder of its own."""
    settings = settings_in(folder)
    simulate(settings, SMALL, days=days, orders_per_day=ORDERS_PER_DAY, seed=seed)
    return settings


def play_small_practice(folder: str) -> None:
    """`retour practice` with a past that is soon played."""
    practice.DAYS, practice.ORDERS_PER_DAY = DAYS, ORDERS_PER_DAY  # type: ignore[misc, assignment]
    practice.play_practice(settings_in(Path(folder)), keeps_growing=False)


def played_stage(folder: Path, days: int = 40) -> Stage:
    """What everybody has in mind after a play."""
    return stopped_play(folder, days).stage


def stopped_play(folder: Path, days: int = 12) -> Play:
    """A play that was stopped after some days."""
    settings, start = settings_in(folder), datetime(2026, 3, 2, tzinfo=UTC)
    theatre, truth = Theatre(settings), Truth(folder / "truth")
    theatre.set(start, 5)
    play = theatre.begin(Plan(SMALL, 5, 100, ORDERS_PER_DAY), truth)
    for day in range(days):
        with theatre.stretch(play, day, writes_letters=False) as (retour, worker):
            play.day(day, retour, worker)
    return play


def log_of(settings: Settings) -> list[RecordedEvent]:
    """The whole log."""
    return list(_pages(settings))


def _pages(settings: Settings) -> Iterator[RecordedEvent]:
    retour, position = open_retour(settings), 0
    while events := retour.read_log(position, 10_000):
        yield from events
        position = events[-1].seq


def fingerprint(events: list[RecordedEvent]) -> str:
    """A hash of every byte of a log."""
    digest = hashlib.sha256()
    for event in events:
        digest.update(repr(event).encode())
    return digest.hexdigest()
