"""A quarter of a practice shop, played once for all tests of a session: its log, and the warehouse made of it."""

import functools
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from small_practice import log_of, settings_in

from pipelines.steps import SQL_DIR, build, take_in
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from retour.simulate import simulate
from service.domain.events import RecordedEvent
from simulator.scenario import Scenario, Shop

DAYS, ORDERS_PER_DAY, SEED = 91, 36.0, 11
START = date(2026, 2, 2)
ZONE = "Europe/Berlin"  # its clocks are put forward on 29 March, in the midst of the quarter


@dataclass(frozen=True, slots=True)
class Quarter:
    """Where it lies, and all that happened."""

    settings: Settings
    log: tuple[RecordedEvent, ...]
    _folder: tempfile.TemporaryDirectory[str]  # deleted with the process


@functools.cache
def quarter() -> Quarter:
    """The quarter; whoever asks first waits for it."""
    folder = tempfile.TemporaryDirectory(prefix="retour-quarter-")
    settings = settings_in(Path(folder.name)).model_copy(update={"timezone": ZONE})
    scenario = Scenario(shop=Shop(products=80))
    simulate(settings, scenario, days=DAYS, orders_per_day=ORDERS_PER_DAY, seed=SEED, start=START)
    retour = open_retour(settings)
    with Warehouse.of(settings) as warehouse:
        take_in(settings, retour, warehouse)
        build(warehouse, retour, load_models(SQL_DIR))
    return Quarter(settings, tuple(log_of(settings)), folder)
