"""Relations made of a log alone, in a warehouse that is gone afterwards."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
from small_practice import settings_in

from pipelines.lake.ingest import drain
from pipelines.quality.results import BatchQuality
from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.settings import Settings
from service.domain.events import RecordedEvent


def made_of(
    log: Sequence[RecordedEvent], relations: Iterable[str], timezone: str
) -> dict[str, pl.DataFrame]:
    """The rows of these relations, by name."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder)).model_copy(update={"timezone": timezone})
        take_in(settings, log)
        with Warehouse.of(settings, say=lambda _: None) as warehouse:
            for model in _needed(relations):
                warehouse.build(model)
            return {each: warehouse.query(f"select * from {each}") for each in relations}


def take_in(settings: Settings, log: Sequence[RecordedEvent]) -> None:
    """The log into the lake, whatever its checks would say."""
    drain(
        lambda after, limit: [event for event in log if event.seq > after][:limit],
        settings.lake_dir,
        settings.quarantine_dir,
        check_batch=lambda _: BatchQuality(),
        progress=lambda _: None,
    )


def _needed(relations: Iterable[str]) -> list[SqlModel]:
    models = load_models(SQL_DIR)
    needed = set(relations)
    for model in reversed(models):  # each stands after those it reads
        if model.relation in needed:
            needed.update(model.deps)
    return [model for model in models if model.relation in needed]
