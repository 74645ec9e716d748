"""A practice shop for newcomers, played into an empty database."""

from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from retour.assembly import open_practice, open_retour
from retour.settings import Settings
from service.platform.clock import SystemClock
from simulator.practice import WEEKS, play

_SEED = 7
_say = Console(highlight=False).print


def play_practice(settings: Settings) -> None:
    """Play the practice history that ends now. A log that holds anything already is left as it is."""
    if held := open_retour(settings).log_head():
        _say(f"The log holds {held:,} events already; no practice shop is played.")
        return
    start = SystemClock().now() - timedelta(weeks=WEEKS)
    with _progress() as shown, open_practice(settings, start, _SEED) as (retour, clock):
        task = shown.add_task("Playing a practice shop", total=1.0)
        played = play(
            retour, clock, seed=_SEED, progress=lambda share: shown.update(task, completed=share)
        )
    _say(f"Practice shop: {played.orders:,} orders, {played.returns:,} returns in {WEEKS} weeks.")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
