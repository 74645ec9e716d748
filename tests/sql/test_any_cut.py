"""However the log is cut into refreshes, whatever comes late or twice: what follows has the rows that a clean build gives."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from quarter import quarter
from small_practice import log_of, simulated

from models.products.detector import Detector
from pipelines.lake.ingest import drain
from pipelines.products import EVIDENCE_RELATION, EXPECTED_RELATION, build_evidence
from pipelines.quality.results import BatchQuality
from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.domain.events import RecordedEvent

pytestmark = pytest.mark.slow

Log = Sequence[RecordedEvent]
_PURE = (EVIDENCE_RELATION, EXPECTED_RELATION)  # what Python computes of tables alone


def needed() -> list[SqlModel]:
    """The relations that follow, and all that they read, each after those that it reads."""
    models = load_models(SQL_DIR)
    wanted: set[str] = set()
    for model in reversed(models):
        if model.plan or model.relation in wanted:
            wanted |= {model.relation, *model.deps}
    return [model for model in models if model.relation in wanted]


NEEDED = needed()
EVIDENCE, EXPECTED = (
    {each.relation: each for each in load_models(SQL_DIR)}[name] for name in _PURE
)
FOLLOWING = [model.relation for model in NEEDED if model.plan]


@contextmanager
def shop_in(folder: Path, timezone: str) -> Iterator[tuple[Settings, Warehouse]]:
    """A warehouse of its own over a lake of its own."""
    settings = Settings(
        var_dir=folder / "var", warehouse=folder / "warehouse.duckdb", timezone=timezone
    )
    with Warehouse.of(settings, say=lambda _: None) as warehouse:
        yield settings, warehouse


def take_in(settings: Settings, warehouse: Warehouse, log: Log) -> None:
    drain(
        lambda after, limit: log[after : after + limit],
        settings.lake_dir,
        settings.quarantine_dir,
        check_batch=lambda _: BatchQuality(),
        progress=lambda _: None,
    )
    warehouse.attach_lake()


def refresh(warehouse: Warehouse, left_out: Iterable[str] = ()) -> set[str]:
    """Bring all but some relations up to date; how this was done."""
    hows = set()
    for model in NEEDED:
        if model.relation in left_out:
            continue
        if not model.is_python:
            hows.add(warehouse.build(model).how)
        elif model.relation in _PURE:
            build_evidence(warehouse, EVIDENCE, EXPECTED, Detector())
        else:
            pytest.fail(f"{model.relation} is built by Python, and this test does not know how")
    return hows


def rows_of(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {
        relation: warehouse.query(f"select * from {relation} order by all").rows()
        for relation in FOLLOWING
    }


def in_another_order(log: Log, chance: random.Random) -> list[RecordedEvent]:
    """The same log, but that some events came late, and some a second time under another id."""
    places = [
        (place + (chance.randrange(2, len(log)) if chance.random() < 0.03 else 0), event)
        for place, event in enumerate(log)
    ]
    twice = [
        (place + chance.randrange(1, len(log)), replace(event, id=f"{event.id[:-4]}{n:04x}"))
        for n, (place, event) in enumerate(chance.sample(places, len(log) // 50))
    ]
    told = sorted((*places, *twice), key=lambda each: each[0])
    return [replace(event, seq=seq) for seq, (_, event) in enumerate(told, 1)]


def assert_same_rows(left: Any, right: Any) -> None:
    for relation in FOLLOWING:
        assert left[relation] == right[relation], relation


@pytest.fixture(scope="module")
def small_log(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Log]:
    """Gives a played month's log (a function, since a failing example shows its arguments)."""
    log = log_of(simulated(tmp_path_factory.mktemp("played"), seed=3))
    return lambda: log


class TestAnyCut:
    @given(
        seed=st.integers(0, 2**32),
        shares=st.lists(st.floats(0.05, 0.99), min_size=1, max_size=4),
    )
    @hypothesis_settings(
        max_examples=6,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    def test_gives_the_rows_of_a_clean_build(
        self,
        seed: int,
        shares: list[float],
        small_log: Callable[[], Log],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        chance = random.Random(seed)
        log = in_another_order(small_log(), chance)
        cuts = sorted(int(len(log) * share) for share in shares)
        folder = tmp_path_factory.mktemp("cut")
        with shop_in(folder, "Europe/Berlin") as (settings, warehouse):
            take_in(settings, warehouse, log[: cuts[0]])
            refresh(warehouse)
            for cut in cuts[1:]:
                take_in(settings, warehouse, log[:cut])
                refresh(warehouse, left_out=some_and_what_reads_them(chance))
            take_in(settings, warehouse, log)
            assert "incremental" in refresh(warehouse)
            followed = rows_of(warehouse)
        (folder / "warehouse.duckdb").unlink()
        with shop_in(folder, "Europe/Berlin") as (_, warehouse):
            refresh(warehouse)
            assert_same_rows(followed, rows_of(warehouse))

    def test_of_a_whole_quarter_gives_the_rows_of_a_clean_build(self, tmp_path: Path) -> None:
        log = quarter().log
        with shop_in(tmp_path, quarter().settings.timezone) as (settings, warehouse):
            for share in (0.3, 0.55, 0.7, 0.9, 0.97, 0.999, 1):
                take_in(settings, warehouse, log[: int(len(log) * share)])
                refresh(warehouse)
            followed = rows_of(warehouse)
        with Warehouse.of(quarter().settings, say=lambda _: None) as warehouse:
            assert_same_rows(followed, rows_of(warehouse))


def some_and_what_reads_them(chance: random.Random) -> set[str]:
    """Relations that a partial refresh leaves as they are: whatever reads them goes on with their older rows."""
    return {model.relation for model in NEEDED if chance.random() < 0.15}
