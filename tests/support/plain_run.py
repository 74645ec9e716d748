"""One refresh without Dagster, to be run in a process that may be killed. Forked off, so that it starts at once."""

import random
import signal
import time
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from without_dagster import run_steps

from retour.assembly import open_retour
from retour.settings import Settings

_context = get_context("forkserver")
_context.set_forkserver_preload(  # the imports take seconds: once
    ["great_expectations", "pipelines.steps", "retour.assembly", "scipy.stats"]
)


def refresh(settings: Settings) -> None:
    """Refresh to the end."""
    run_steps(settings, open_retour(settings), datetime.now(UTC))


def start(settings: Settings) -> BaseProcess:
    """Begin a refresh in a process of its own."""
    process = _context.Process(target=refresh, args=(settings,))
    process.start()
    return process


def refresh_and_kill(settings: Settings, within: float, chance: random.Random) -> bool:
    """Begin a refresh and kill it at a random moment; whether it was still going."""
    process = start(settings)
    time.sleep(chance.uniform(0, within))
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL
