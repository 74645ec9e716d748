"""A newer Retour on what an older one left: nothing has to be deleted by hand."""

import hashlib
import json
from datetime import UTC, datetime

import duckdb
import polars as pl
import pytest
from small_shop import small_shop
from without_dagster import run_steps

from pipelines.lake import ingest
from pipelines.publish.manifest import Publication
from pipelines.steps import relations
from pipelines.warehouse.warehouse import BuildFailed, Warehouse
from retour.settings import Settings

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def snapshot(settings: Settings) -> str:
    publication = Publication.load(settings.published_dir)
    assert publication
    return publication.snapshot


class TestUpgrade:
    def test_a_lake_made_anew_by_a_changed_event_is_found_under_its_new_files(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        retour = small_shop(settings)
        run_steps(settings, retour, NOW)
        run_steps(settings, retour, NOW)  # takes in the flag, so the lake has two batches
        before = snapshot(settings)
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("drop table marts.return_lines")  # so that something is to be built
        monkeypatch.setattr(ingest, "definitions", lambda: "those of a newer version")

        run_steps(settings, retour, NOW)  # one batch: other file names, the same rows

        assert snapshot(settings) == before

    def test_a_lake_whose_events_had_fewer_fields_is_made_anew(self, settings: Settings) -> None:
        retour = small_shop(settings, days=20)
        run_steps(settings, retour, NOW)
        run_steps(settings, retour, NOW)
        before = snapshot(settings)
        without_column(settings, "return_requested", "inputs")
        settings.warehouse.unlink()
        with Warehouse.of(settings) as warehouse, pytest.raises(BuildFailed, match=r"another vers"):
            warehouse.build(next(each for each in relations() if not each.is_python))

        run_steps(settings, retour, NOW)

        assert snapshot(settings) == before


def without_column(settings: Settings, table: str, column: str) -> None:
    """Make the lake what a version wrote that did not know this column yet."""
    path = settings.lake_dir / "manifest.json"
    document = json.loads(path.read_text())
    del document["schemas"][table][column]
    document["definitions"] = "those of an older version"
    for segment in document["segments"]:
        if segment["table"] == table:
            file = settings.lake_dir / segment["path"]
            pl.read_parquet(file).drop(column).write_parquet(file)
            content = file.read_bytes()
            segment["bytes"] = len(content)
            segment["sha256"] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(document))
