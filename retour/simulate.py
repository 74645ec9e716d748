"""`retour simulate`: a practice shop of any size, played through the real service into a database of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from retour.assembly import open_database, policy_in_force, shop_zone
from retour.errors import UserError
from retour.settings import Settings
from service.application import Retour
from service.domain.policy import Policy
from service.domain.risk import Risk, RulesOnly
from service.handlers import handlers
from service.letters.writers import House
from service.platform import log
from service.platform.clock import SystemClock, VirtualClock
from service.platform.db import Database, OpenTransaction
from service.platform.ids import SeededIds
from service.platform.mail import FolderMailer, Sender
from service.worker import Worker
from simulator.plan import Plan
from simulator.play.bank import PracticeBank
from simulator.play.play import Play
from simulator.play.trial import policy_on
from simulator.scenario import Scenario
from simulator.truth import Truth

DEFAULT_START = date(2025, 6, 2)
_EARLIEST_START, _LATEST_START = date(1991, 1, 1), date(2100, 1, 1)
DAYS_OF_LETTERS = 7  # only the last ones are written: nobody reads the rest
_PART_DAYS = 28
_say = Console(highlight=False).print


class NotAnEmptyShop(UserError):
    """A practice shop would mix with what the log holds already."""


class NoSuchStart(UserError):
    """No shop can be played from that day on."""


class Theatre:
    """Where a play takes place: the database, a clock of its own, and identifiers that follow from a seed."""

    def __init__(self, settings: Settings, risk: Risk | None = None) -> None:
        """`risk` decides beside the rules; without it they decide alone, so that a play can be repeated."""
        self.db = open_database(settings, durable=False)
        self.clock = VirtualClock(SystemClock().now())
        self._settings, self._policy = settings, policy_in_force(settings)
        self._zone = shop_zone(settings, self.db)
        self._ids, self._bank = SeededIds(0), PracticeBank({})
        self._risk = risk or RulesOnly()

    def set(self, moment: datetime, seed: int) -> None:
        """Let time go on from here, and identifiers follow from this seed."""
        self.clock, self._ids = VirtualClock(moment), SeededIds(seed)

    def log_head(self) -> int:
        with self.db.read() as connection:
            return log.head(connection)

    def stand_by(self, plan: Plan, truth: Truth) -> Play:
        """A play that has not begun, told of by `truth`."""
        play = Play(plan, self.clock, self._application(self.db, self._policy))
        play.stage.applied = truth.note_return
        return play

    def begin(self, plan: Plan, truth: Truth) -> Play:
        """Open the shop: staff and catalogue are there."""
        play = self.stand_by(plan, truth)
        with self.stretch(play, 0, writes_letters=False) as (retour, _):
            play.begin(retour)
        return play

    @contextmanager
    def stretch(
        self, play: Play, day: int, *, writes_letters: bool
    ) -> Iterator[tuple[Retour, Worker]]:
        """The application and a worker for a stretch of time from this day on, which is committed as a whole."""
        world = play.stage.plan.world
        policy = policy_on(self._policy, world.scenario, day, world.days)
        self._bank.draws = play.stage.payments
        play.stage.clock = self.clock
        with self.db.write() as connection:
            retour = self._application(OpenTransaction(self.db, connection), policy)
            does = handlers(
                retour,
                FolderMailer(self._settings.mail_dir),
                Sender(self._settings.shop_name, self._settings.mail_from),
                House(self._settings.shop_name, self._settings.public_address),
                are_letters_written=lambda: writes_letters,
            )
            yield retour, Worker(retour.context, does)

    def _application(self, db: Database, policy: Policy) -> Retour:
        return Retour(
            db,
            policy,
            self._risk,
            self.clock,
            self._ids,
            secret=self._settings.secret(),
            origin="simulated",
            payments=self._bank,
            zone=self._zone,
        )


def simulate(
    settings: Settings,
    scenario: Scenario,
    *,
    days: int,
    orders_per_day: float,
    seed: int,
    start: date = DEFAULT_START,
    into: str = "",
) -> None:
    """Play a shop and write its truth beside it. The same arguments and policy append the same log, byte for byte.

    Each day is committed by itself. Raises `NotAnEmptyShop` unless the log is empty or `into` names the database,
    `NoSuchStart` where what a shop tells would leave the calendar.
    """
    if not _EARLIEST_START <= start <= _LATEST_START:
        raise NoSuchStart(
            f"--start {start} cannot be played; choose a day from {_EARLIEST_START} to {_LATEST_START}"
        )
    began = time.monotonic()
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    theatre = Theatre(settings)
    theatre.set(midnight, seed)
    _refuse_what_is_there(theatre.db, into)
    truth = Truth(settings.var_dir / "truth")
    with progress_bar() as shown:
        task = shown.add_task("Planning", total=days, events=0)
        plan = Plan(scenario, seed, days, orders_per_day)
        truth.begin(plan, midnight)
        play = theatre.begin(plan, truth)
        shown.update(task, description="Playing")
        for day in range(days):
            is_late = day >= days - DAYS_OF_LETTERS
            with theatre.stretch(play, day, writes_letters=is_late) as (retour, worker):
                truth.note_day(play.day(day, retour, worker))
            if (day + 1) % _PART_DAYS == 0 or day + 1 == days:
                truth.write_part(play.position)
            shown.update(task, completed=day + 1, events=play.position)
    seconds = time.monotonic() - began
    _say(
        f"{days} days, {play.position:,} events in {seconds:,.0f} s ({play.position / seconds:,.0f} a second); "
        f"the truth is in {settings.var_dir / 'truth'}/."
    )


def _refuse_what_is_there(db: Database, into: str) -> None:
    with db.read() as connection:
        found = log.origins(connection)
    if not found or into == database_name(db):
        return
    what = "what really happened" if found - {"simulated"} else "a simulated shop already"
    raise NotAnEmptyShop(
        f"the log of {db.url.render_as_string()} holds {what} ({', '.join(sorted(found))}); simulate into an "
        f"empty one (set RETOUR_VAR_DIR or RETOUR_DATABASE_URL), or say --into {database_name(db)} to mix both for good"
    )


def database_name(db: Database) -> str:
    """What a database is called by people: its file without folder and ending, or its name on the server."""
    return Path(db.url.database or "").stem


class _Rate(ProgressColumn):
    """Events a second, on the whole."""

    def render(self, task: Task) -> Text:
        seconds = task.elapsed or 0
        rate = task.fields["events"] / seconds if seconds else 0
        return Text(f"{task.fields['events']:,} events, {rate:,.0f}/s")


def progress_bar() -> Progress:
    """How far a play is, how fast, and how long it still takes."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
