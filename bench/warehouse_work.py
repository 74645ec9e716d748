"""What the bench of the warehouse measures, each function in a process of its own."""

import logging
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.bulk_lake import BulkLake, scan_and_group
from bench.pandas_marts import MARTS
from bench.pandas_marts.lake import Lake
from pipelines.process import DESIGN_RELATION, build_design
from pipelines.products import EVIDENCE_RELATION, EXPECTED_RELATION
from pipelines.publish.publish import figures, health, publish
from pipelines.steps import build, build_health, check, relations
from pipelines.warehouse.models import SqlModel
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour

PAGES = (
    "overview",
    "service_levels",
    "satisfaction",
    "process",
    "problem_products",
    "data_health",
)
_APP = Path(__file__).parents[1] / "dashboards" / "streamlit_app.py"
_PAGE_RUNS = 5
_WEIGHED = (EVIDENCE_RELATION, EXPECTED_RELATION)  # one work makes both


@dataclass(frozen=True, slots=True)
class Build:
    """Seconds of opening a warehouse over a lake, and of each relation; `kinds` are the relations' refresh kinds."""

    opening: float
    relations: Mapping[str, float]
    kinds: Mapping[str, str]

    @property
    def sql(self) -> float:
        """Seconds of all that is SQL."""
        return sum(spent for kind, spent in self.by_kind().items() if kind != "python")

    def by_kind(self) -> dict[str, float]:
        """Seconds by refresh kind."""
        spent: dict[str, float] = {}
        for relation, seconds in self.relations.items():
            kind = self.kinds[relation]
            spent[kind] = spent.get(kind, 0.0) + seconds
        return spent


@dataclass(frozen=True, slots=True)
class Doors:
    """Seconds of the checks on tables, once Great Expectations is imported, and of the import."""

    judging: float
    importing: float
    rules: int


@dataclass(frozen=True, slots=True)
class Publishing:
    """Seconds of publishing the marts of the shop, and of doing it again with nothing new."""

    new: float
    idle: float


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh with new events: its build, its checks and its publication."""

    build: Build
    doors: Doors
    publishing: Publishing


def scan(lake: BulkLake, runs: int) -> float:
    """Median seconds of the baseline, one scan-and-group by return."""
    return median(_seconds(lambda: scan_and_group(lake.earlier)) for _ in range(runs))


def rebuild(lake: BulkLake) -> Build:
    """Build everything from nothing, from the lake as it was some events earlier."""
    remove_warehouse(lake.settings)
    lake.earlier.commit()
    return _build(lake.settings, open_retour(lake.settings))


def judge_and_publish(lake: BulkLake) -> tuple[Doors, Publishing]:
    """Judge and publish all of what stands for the first time."""
    for folder in (lake.settings.quality_dir, lake.settings.published_dir):
        shutil.rmtree(folder, ignore_errors=True)
    return _judge(lake.settings), _publish(lake.settings)


def refresh(lake: BulkLake) -> Refresh:
    """Let everything follow the newest events."""
    lake.whole.commit()
    build = _build(lake.settings, open_retour(lake.settings))
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
            _seconds(lambda model=model: warehouse.build(model))  # type: ignore[misc]
            for model in needed
            if not model.is_python
        )


def pandas_mart(lake: BulkLake, relation: str) -> float:
    """Seconds of the same mart in pandas, from the same lake; the warehouse that stands tells for which moment."""
    with Warehouse.of(lake.settings) as warehouse:
        files = Lake.of(warehouse)
    return _seconds(lambda: MARTS[relation](files))


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
        spent = [_seconds(app.run) for _ in range(_PAGE_RUNS)]
        is_shown = not (app.error or app.exception)
        found[page] = median(spent) if is_shown else float("nan")
    return found


def remove_warehouse(settings: Settings) -> None:
    """Delete the warehouse's file and what lies beside it."""
    for path in settings.warehouse.parent.glob(f"{settings.warehouse.name}*"):
        path.unlink()


def _build(settings: Settings, retour: Retour) -> Build:
    models, spent = relations(), {}
    weighed = [model for model in models if model.relation in _WEIGHED]
    started = time.perf_counter()
    with Warehouse.of(settings) as warehouse:
        opening = time.perf_counter() - started
        for model in models:
            together = weighed if model in weighed else [model]
            spent[model.relation] = _seconds(lambda them=together: build(warehouse, retour, them))  # type: ignore[misc]
    return Build(opening, spent, {model.relation: model.header.refresh for model in models})


def _judge(settings: Settings) -> Doors:
    importing = _seconds(_import_great_expectations)
    with Warehouse.of(settings) as warehouse:
        started = time.perf_counter()
        verdicts = check(settings, warehouse, relations(), f"run {started}", datetime.now(UTC))
        judging = time.perf_counter() - started
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

        return Publishing(_seconds(figures_too), _seconds(figures_too))


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


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
