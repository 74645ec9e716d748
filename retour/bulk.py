"""A practice shop of any size, written straight into the lake: the fast path of `retour simulate`."""

from dataclasses import asdict
from datetime import datetime, timedelta

from rich.console import Console

from pipelines.lake.manifest import Manifest
from pipelines.lake.recall import recall_newest
from pipelines.lake.segments import sweep
from pipelines.lake.whole import WholeLake
from pipelines.quality.results import Frames
from retour.assembly import open_retour, policy_in_force, shop_zone
from retour.errors import UserError
from retour.settings import Settings
from retour.simulate import progress_bar
from service.application import Retour
from service.domain.events import RecordedEvent
from service.platform import log
from service.platform.clock import SystemClock, to_us
from simulator.bulk.play import BulkPlay
from simulator.bulk.sizing import orders_for
from simulator.plan import Plan
from simulator.scenario import Scenario
from simulator.truth import Truth

DAYS = 365
_say = Console(highlight=False).print


class NotEmpty(UserError):
    """There is a history already; one that is written past the log cannot be added to it."""


class NothingHappened(UserError):
    """So few events were asked for that there is none."""


def write_bulk(
    settings: Settings,
    scenario: Scenario,
    seed: int,
    events: int,
    *,
    days: int = DAYS,
    now: datetime | None = None,
) -> None:
    """Write about so many events of a practice shop that was open for so many days, the last of them a Sunday before `now`.

    The lake is whole when it is there at all. The service's log gets its last event alone, so that it goes on after it.
    What only the plan knows goes to `var/truth/`. Raises `NotEmpty`, `NothingHappened`, `NotForBulk`, `LakeUnwritable`.
    """
    retour = open_retour(settings)
    _refuse_what_is_there(settings, retour)
    policy, zone = policy_in_force(settings), shop_zone(settings, retour.context.db)
    orders = orders_for(scenario, seed, days, policy, zone, events)
    plan = Plan(scenario, seed, days, orders)
    start = _first_monday(now or SystemClock().now(), days)
    play = BulkPlay(plan, policy, zone, to_us(start))
    truth = Truth(settings.var_dir / "truth")
    truth.begin(plan, start)
    with WholeLake(settings.lake_dir) as lake:
        last = _write(play, lake, truth, events)
        _begin_log(retour, last)
        lake.commit(last.seq, last.id)
    _say(f"Practice shop: {play.seq:,} events of {days} days in {settings.lake_dir}/.")


def _refuse_what_is_there(settings: Settings, retour: Retour) -> None:
    """Raises `NotEmpty`. Left-overs of a run that was killed are swept up."""
    way_out = "write into an empty installation: set RETOUR_VAR_DIR (and RETOUR_DATABASE_URL, if it is set) to others"
    if held := retour.log_head():
        url = retour.context.db.url.render_as_string()
        raise NotEmpty(f"the log of {url} holds events (up to {held:,}); {way_out}")
    manifest = Manifest.load(settings.lake_dir)
    if manifest.through_seq:
        raise NotEmpty(
            f"{settings.lake_dir}/ holds a lake (up to event {manifest.through_seq:,}); {way_out}, "
            "or delete that folder if nothing else made it"
        )
    sweep(manifest, settings.quarantine_dir)


def _first_monday(now: datetime, days: int) -> datetime:
    """The midnight on which a shop opens that has been open for so many days; working weeks begin on Mondays."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    return midnight - timedelta(days=midnight.weekday())


def _write(play: BulkPlay, lake: WholeLake, truth: Truth, events: int) -> RecordedEvent:
    """Write all but the manifest; the last event. Raises `NothingHappened`."""
    newest: Frames = {}
    with progress_bar() as shown:
        task = shown.add_task("Writing a practice shop", total=events, events=0)
        for stretch in play:
            lake.add(stretch.frames, play.seq)
            truth.add(play.seq, stretch.truth)
            newest = stretch.frames or newest
            shown.update(task, completed=play.seq, events=play.seq)
    last = recall_newest(newest)
    if last is None:
        raise NothingHappened("nothing happens in so small a shop; ask for more events or days")
    return last


def _begin_log(retour: Retour, last: RecordedEvent) -> None:
    """The log holds the last event under its number, as if those before it had been there."""
    with retour.context.db.write() as connection:
        connection.execute(log.events.insert(), asdict(last))
