"""Kill -9 at random moments of ingest, build and publication: the marts come out the same."""

import random
import shutil
import time
from pathlib import Path

import duckdb
import plain_run
import pytest
from small_shop import a_month, small_shop

from pipelines.publish.manifest import Publication
from retour.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

KILLS = 20
KILLS_ON_THE_WAY, COMPARED_EACH = 10, 5

Rows = dict[str, list[tuple[object, ...]]]


def published(settings: Settings) -> Rows:
    """Every mart's rows as a reader finds them: through the manifests alone, in their order.

    Of the checks only what the newest said of each table: when and in which run is another matter.
    """
    figures = _marts(settings.published_dir)
    health = _marts(settings.health_dir)
    told = {(row[3], row[4]): row[5:7] for row in health.pop("data_quality") if row[2] != "batch"}
    return {**figures, **health, "checks": sorted(told.items())}


def _marts(folder: Path) -> Rows:
    publication = Publication.load(folder)
    assert publication
    return {name: _rows(folder, publication, name) for name in publication.marts}


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


def anew(settings: Settings, folder: Path) -> Rows:
    """The marts made of the same log from nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    other = Settings(
        var_dir=folder / "var",
        warehouse=folder / "warehouse.duckdb",
        database_url=settings.database,
    )
    finish(other)
    return published(other)


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
        assert ["flagged" in row for row in refreshed["problem_skus"]] == [True]

    def test_of_what_is_new_leaves_what_a_clean_rebuild_gives(self, settings, tmp_path):
        """Nothing is forgotten between the kills: each refresh goes on with what the one before left."""
        retour, chance, killed = small_shop(settings, days=20), random.Random(20240302), 0
        seconds = finish(settings)
        for attempt in range(KILLS_ON_THE_WAY):
            a_month(retour, 20 + 30 * attempt, bad_rate=0.5 if attempt % 3 else 0.0)
            killed += plain_run.refresh_and_kill(settings, seconds, chance)
            assert published(settings)  # whole, whichever it is
            seconds = finish(settings)
            if attempt % COMPARED_EACH == COMPARED_EACH - 1:
                assert published(settings) == anew(settings, tmp_path / "anew"), attempt
        assert killed >= KILLS_ON_THE_WAY // 2
