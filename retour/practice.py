"""`retour practice`: the shop that newcomers meet. Its past is played first, then it goes on living, day after day.

It is committed in stretches, with a checkpoint before each: stopped anywhere, it goes on where it stopped. Four weeks before
now it stands still until a risk model is trained; where that is certified and promoted, it decides from then on.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from retour.practice_policy import lay_down_policy
from retour.progress import HowFar, write_progress
from retour.settings import Settings
from retour.simulate import DAYS_OF_LETTERS, Theatre, progress_bar
from service.platform.clock import SystemClock, from_us, to_us
from service.risk.model_risk import ModelRisk
from simulator.plan import Plan
from simulator.play.checkpoint import (
    Checkpoint,
    checkpoint_of,
    go_on,
    plan_of,
    read_checkpoint,
    write_checkpoint,
)
from simulator.play.play import Play, Works
from simulator.reading import scenario_named
from simulator.truth import Truth
from simulator.world import DAY_US

DAYS, ORDERS_PER_DAY, SEED = 210, 84.0, 7
DAYS_WITH_A_MODEL = 28  # at the end of the past; the days before teach it
SCENARIO = "practice"
_STRETCH_DAYS = 4
_PAUSE_SECONDS = 0.12  # longer than SQLite lets anybody sleep who waits to write
_WAKES_SECONDS = 10.0
_say = Console(highlight=False).print


Told = Callable[[HowFar], None]


def play_practice(settings: Settings, *, keeps_growing: bool) -> None:
    """Play a practice shop's past up to now, or what is missing of it; then, where it `keeps_growing`, its present.

    A log that holds something else is left as it is.
    """
    lay_down_policy(settings)
    shop = _Shop.open(settings)
    if shop is None:
        _say("The log holds another shop's events already; no practice shop is played.")
        write_progress(settings, HowFar(1.0, 0, 0))
        return
    with progress_bar() as shown:
        task = shown.add_task("Playing a practice shop", total=1.0, events=0)

        def tell(how_far: HowFar) -> None:
            shown.update(task, completed=how_far.share, events=how_far.events)
            write_progress(settings, how_far)

        shop.catch_up(tell)
    how_far = shop.how_far()
    _say(f"Practice shop: {how_far.events:,} events, {how_far.returns:,} returns up to now.")
    if keeps_growing:
        _until_signalled(shop.live)


class _NobodyHere:
    """Leaves the jobs to the worker that runs beside."""

    def catch_up(self) -> None:
        """Nothing is done here."""


class _Shop:
    """A practice shop between two stretches of its life."""

    def __init__(
        self, settings: Settings, theatre: Theatre, play: Play, truth: Truth, next_day: int
    ) -> None:
        self._settings, self._theatre, self._play, self._truth = settings, theatre, play, truth
        self._next_day = next_day
        self._folder = _folder(settings)

    @classmethod
    def open(cls, settings: Settings) -> "_Shop | None":
        """The shop that was stopped, or a new one; None where the log holds something else."""
        theatre = Theatre(settings, ModelRisk(settings.risk_dir))
        head = theatre.log_head()
        kept = read_checkpoint(_folder(settings), head)
        if kept is None and head:
            return None
        truth = Truth(settings.var_dir / "truth")
        if kept is None:
            return cls._new(settings, theatre, truth)
        return cls._stopped(settings, theatre, truth, kept)

    @classmethod
    def _new(cls, settings: Settings, theatre: Theatre, truth: Truth) -> "_Shop":
        today = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)
        start = today - timedelta(days=DAYS)
        plan = Plan(scenario_named(SCENARIO), SEED, DAYS, ORDERS_PER_DAY)
        theatre.set(start, SEED)
        truth.begin(plan, start)
        return cls(settings, theatre, theatre.begin(plan, truth), truth, 0)

    @classmethod
    def _stopped(
        cls, settings: Settings, theatre: Theatre, truth: Truth, kept: Checkpoint
    ) -> "_Shop":
        truth.forget_after(kept.position)
        theatre.set(from_us(kept.start_us), SEED)
        play = theatre.stand_by(plan_of(kept), truth)
        go_on(kept, play)
        theatre.set(from_us(kept.now_us), SEED + kept.position)  # never the same identifiers again
        return cls(settings, theatre, play, truth, kept.next_day)

    def catch_up(self, tell: Told) -> None:
        """Play all that should have happened by now, a few days at a time, letting others write in between."""
        while (missing := self._today() - self._next_day) > 0:
            learns_on = DAYS - DAYS_WITH_A_MODEL
            if 0 < learns_on == self._next_day:
                _train()
            days = min(missing, _STRETCH_DAYS)
            until = learns_on - self._next_day
            self._stretch(min(days, until) if until > 0 else days)
            tell(self.how_far())
            time.sleep(_PAUSE_SECONDS)
        self._live_until_now()
        tell(HowFar(1.0, self._play.position, self._play.stage.applied_for))

    def live(self, stop: threading.Event) -> None:
        """Let what happens happen when it does. The installation's worker does the jobs, and finance pays by hand."""
        self._play.stage.pays_by_hand = True
        while not stop.wait(_WAKES_SECONDS):
            self._live_until_now(_NobodyHere())

    def how_far(self) -> HowFar:
        share = self._next_day / max(1, self._today() + 1)
        return HowFar(share, self._play.position, self._play.stage.applied_for)

    def _stretch(self, days: int) -> None:
        is_recent = self._today() - (self._next_day + days) < DAYS_OF_LETTERS
        with self._theatre.stretch(self._play, self._next_day, writes_letters=is_recent) as (
            retour,
            worker,
        ):
            for day in range(self._next_day, self._next_day + days):
                self._truth.note_day(self._play.day(day, retour, worker))
            self._next_day += days
            self._keep()

    def _live_until_now(self, works: Works | None = None) -> None:
        now_us = to_us(SystemClock().now())
        before = self._play.position
        with self._theatre.stretch(self._play, self._next_day, writes_letters=True) as (
            retour,
            worker,
        ):
            while self._next_day <= self._today():
                self._truth.note_day(self._play.begin_day(self._next_day, retour))
                self._next_day += 1
            self._play.until(max(now_us, self._play.stage.now_us), retour, works or worker)
            if self._play.position != before:
                self._keep()

    def _keep(self) -> None:
        """Before the stretch is committed: if that fails, the checkpoint before counts."""
        write_checkpoint(self._folder, checkpoint_of(self._play, self._next_day))
        self._truth.write_part(self._play.position)
        stage = self._play.stage
        if stage.cures:
            self._truth.note_goods(stage.plan.world.goods, from_us(stage.start_us))

    def _today(self) -> int:
        """Today, counted from the shop's first day."""
        return (to_us(SystemClock().now()) - self._play.stage.start_us) // DAY_US


def _train() -> None:
    """Let the pipeline learn from what happened so far, in a process of its own. Without a model the shop lives on too."""
    if subprocess.run(
        [str(Path(sys.executable).with_name("retour")), "train"], check=False
    ).returncode:
        _say("No model could be trained; the message stands above, and people go on deciding.")


def _folder(settings: Settings) -> Path:
    return settings.var_dir / "practice"


def _until_signalled(live: Callable[[threading.Event], None]) -> None:
    """Live until Ctrl-C or SIGTERM; the stretch in hand is finished."""
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    with ThreadPoolExecutor(1) as pool:
        pool.submit(live, stop).result()
