"""Building a warehouse, timed relation by relation."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.products import EVIDENCE_RELATION, EXPECTED_RELATION
from pipelines.steps import build, relations
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.application import Retour

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


def timed_build(settings: Settings, retour: Retour) -> Build:
    """Bring every relation up to date, each after those that it reads."""
    models, spent = relations(), {}
    weighed = [model for model in models if model.relation in _WEIGHED]
    started = time.perf_counter()
    with Warehouse.of(settings) as warehouse:
        opening = time.perf_counter() - started
        for model in models:
            together = weighed if model in weighed else [model]
            spent[model.relation] = seconds(lambda them=together: build(warehouse, retour, them))  # type: ignore[misc]
    return Build(opening, spent, {model.relation: model.header.refresh for model in models})


def remove_warehouse(settings: Settings) -> None:
    """Delete the warehouse's file and what lies beside it."""
    for path in settings.warehouse.parent.glob(f"{settings.warehouse.name}*"):
        path.unlink()


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
