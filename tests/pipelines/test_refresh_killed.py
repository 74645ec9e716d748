"""Kill -9 at random moments of ingest, build and publication: the marts come out the same."""

import random
import shutil
import time
from pathlib import Path

import duckdb
import plain_run
import pytest
from small_shop import small_shop

from pipelines.publish.manifest import Publication
from retour.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

KILLS = 20

Rows = dict[str, list[tuple[object, ...]]]


def published(settings: Settings) -> Rows:
    """Every mart's rows as a reader finds them: through the manifest alone, in their order."""
    publication = Publication.load(settings.published_dir)
    assert publication
    return {name: _rows(settings.published_dir, publication, name) for name in publication.marts}


def _rows(folder: Path, publication: Publication, mart: str) -> list[tuple[object, ...]]:
    paths = [str(folder / file.path) for file in publication.marts[mart].files]
    with duckdb.connect() as connection:
        return connection.execute("select * from read_parquet($p)", {"p": paths}).fetchall()


@pytest.fixture
def refreshed(settings: Settings) -> Rows:
    """A shop that was refreshed in peace."""
    small_shop(settings)
    finish(settings)
    return published(settings)


def finish(settings: Settings) -> float:
    started = time.monotonic()
    process = plain_run.start(settings)
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - started


def forget(settings: Settings, *, lake: bool) -> None:
    settings.warehouse.unlink(missing_ok=True)
    if lake:
        shutil.rmtree(settings.lake_dir, ignore_errors=True)


class TestKilledRefresh:
    def test_leaves_the_publication_readable_and_the_next_run_gives_the_same_marts(
        self, settings, refreshed
    ):
        chance = random.Random(20240301)
        forget(settings, lake=True)
        seconds = finish(settings)
        killed = 0
        for attempt in range(KILLS):
            forget(settings, lake=attempt % 2 == 0)
            killed += plain_run.refresh_and_kill(settings, seconds, chance)
            assert published(settings) == refreshed
            seconds = finish(settings)  # as busy as the machine is now
            assert published(settings) == refreshed
        assert killed >= KILLS // 2
        assert [row[13] for row in refreshed["problem_skus"]] == ["flagged"]
