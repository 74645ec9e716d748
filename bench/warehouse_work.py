"""What the bench of the warehouse measures, each function in a process of its own."""

import logging
import os
import shutil
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench.building import Build, processor_seconds, remove_warehouse, seconds, timed_build
from bench.bulk_lake import BulkLake, scan_and_group
from bench.pandas_marts import MARTS
from bench.pandas_marts.lake import Lake
from pipelines.process import DESIGN_RELATION, build_design
from pipelines.publish.publish import figures, health, publish
from pipelines.steps import build_health, check, relations
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings

PAGES = (
    "overview",
    "service_levels",
    "satisfaction",
    "money",
    "process",
    "problem_products",
    "automation",
    "data_health",
)
_APP = Path(__file__).parents[1] / "dashboards" / "streamlit_app.py"
_PAGE_RUNS = 5


@dataclass(frozen=True, slots=True)
class Doors:
    """Processor seconds of the checks on tables, once Great Expectations is imported, and of the import."""

    judging: float
    importing: float
    rules: int


@dataclass(frozen=True, slots=True)
class Publishing:
    """Processor seconds of publishing the marts of the shop, and of doing it again with nothing new."""

    new: float
    idle: float


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh with new events: its build, its checks and its publication."""

    build: Build
    doors: Doors
    publishing: Publishing


def scan(lake: BulkLake, runs: int) -> float:
    """Median processor seconds of the baseline, one scan-and-group by return."""
    return median(processor_seconds(lambda: scan_and_group(lake.earlier)) for _ in range(runs))


def rebuild(lake: BulkLake) -> Build:
    """Build everything from nothing, from the lake as it was some events earlier."""
    remove_warehouse(lake.settings)
    lake.earlier.commit()
    return timed_build(lake.settings, open_retour(lake.settings))


def judge_and_publish(lake: BulkLake) -> tuple[Doors, Publishing]:
    """Judge and publish all of what stands for the first time."""
    for folder in (lake.settings.quality_dir, lake.settings.published_dir):
        shutil.rmtree(folder, ignore_errors=True)
    return _judge(lake.settings), _publish(lake.settings)


def refresh(lake: BulkLake) -> Refresh:
    """Let everything follow the newest events."""
    lake.whole.commit()
    build = timed_build(lake.settings, open_retour(lake.settings))
    return Refresh(build, _judge(lake.settings), _publish(lake.settings))


def build_mart(lake: BulkLake, relation: str) -> float:
    """Seconds of a mart and of all that it reads, from the lake, in a warehouse that holds nothing else."""
    remove_warehouse(lake.settings)
    lake.earlier.commit()
    models = {model.relation: model for model in relations()}
    with Warehouse.of(lake.settings) as warehouse:
        needed = _with_what_it_reads(models[relation], models)
        for model in needed:
            if model.relation == DESIGN_RELATION:
                build_design(warehouse, model)
        return sum(
            seconds(lambda model=model: warehouse.build(model))  # type: ignore[misc]
            for model in needed
            if not model.is_python
        )


def pandas_mart(lake: BulkLake, relation: str) -> float:
    """Seconds of the same mart in pandas, from the same lake; the warehouse that stands tells for which moment."""
    with Warehouse.of(lake.settings) as warehouse:
        files = Lake.of(warehouse)
    return seconds(lambda: MARTS[relation](files))


def pages(settings: Settings) -> dict[str, float]:
    """Seconds of a further run of each page, after its first; NaN where it has nothing to show."""
    from streamlit.testing.v1 import AppTest

    logging.disable(logging.WARNING)  # each run of a page tells that no browser asks for it
    os.environ["RETOUR_VAR_DIR"] = str(settings.var_dir)
    found = {}
    for page in PAGES:
        app = AppTest.from_file(str(_APP), default_timeout=600).run()
        if page != PAGES[0]:
            app.switch_page(f"app_pages/{page}.py").run()
        spent = [seconds(app.run) for _ in range(_PAGE_RUNS)]
        is_shown = not (app.error or app.exception)
        found[page] = median(spent) if is_shown else float("nan")
    return found


def _judge(settings: Settings) -> Doors:
    importing = processor_seconds(_import_great_expectations)
    with Warehouse.of(settings) as warehouse:
        started = time.process_time()
        verdicts = check(settings, warehouse, relations(), str(uuid4()), datetime.now(UTC))
        judging = time.process_time() - started
    return Doors(judging, importing, sum(verdict.is_new for verdict in verdicts))


def _import_great_expectations() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pipelines.quality.great import great_expectations

        great_expectations()


def _publish(settings: Settings) -> Publishing:
    models, now = relations(), datetime.now(UTC)
    with Warehouse.of(settings) as warehouse:
        build_health(settings, warehouse, models)
        publish(warehouse, health(models), settings.health_dir, now)

        def figures_too() -> None:
            publish(warehouse, figures(models), settings.published_dir, now)

        return Publishing(processor_seconds(figures_too), processor_seconds(figures_too))


def _with_what_it_reads(model: SqlModel, models: Mapping[str, SqlModel]) -> Sequence[SqlModel]:
    """A relation after all that it reads, each once."""
    found: dict[str, SqlModel] = {}

    def add(relations: Iterable[str]) -> None:
        for relation in relations:
            if relation in models:
                add(models[relation].deps)
                found[relation] = models[relation]

    add([model.relation])
    return tuple(found.values())
