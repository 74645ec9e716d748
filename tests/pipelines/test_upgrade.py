"""A newer Retour on what an older one left: nothing has to be deleted by hand."""

from datetime import UTC, datetime

import duckdb
import pytest
from small_shop import small_shop

from pipelines.lake import ingest
from pipelines.publish.manifest import Publication
from pipelines.steps import run_steps
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
