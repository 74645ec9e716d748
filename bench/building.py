"""Building a warehouse, timed relation by relation."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.steps import build_relation, relations
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour


@dataclass(frozen=True, slots=True)
class Build:
    """Processor seconds of opening a warehouse over a lake, of each relation, and of closing it; `kinds` are the relations' refresh kinds."""

    opening: float
    relations: Mapping[str, float]
    kinds: Mapping[str, str]
    closing: float

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


def timed_build(settings: Settings, retour: Retour) -> Build:
    """Bring every relation up to date, each after those that it reads."""
    models, spent = relations(), {}
    named = {model.relation: model for model in models}
    started = time.process_time()
    with Warehouse.of(settings) as warehouse:
        opening = time.process_time() - started
        for model in models:
            spent[model.relation] = processor_seconds(
                lambda model=model: build_relation(warehouse, retour, model, named)  # type: ignore[misc]
            )
        closes = time.process_time()
    kinds = {model.relation: model.header.refresh for model in models}
    return Build(opening, spent, kinds, time.process_time() - closes)


def remove_warehouse(settings: Settings) -> None:
    """Delete the warehouse's file and what lies beside it."""
    for path in settings.warehouse.parent.glob(f"{settings.warehouse.name}*"):
        path.unlink()


def processor_seconds(work: Callable[[], object]) -> float:
    """What some work costs, all threads of this process together: what else the machine does hardly counts."""
    started = time.process_time()
    work()
    return time.process_time() - started


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
