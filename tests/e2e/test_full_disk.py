"""`retour refresh` on a disk that is full: said in words, and nothing that was published is touched."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from cli_shop import Shop
from small_disk import fill, small_disk
from small_shop import a_month, small_shop

from retour.settings import Settings
from service.application import Retour

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SIZE = 64 * 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", SIZE) as folder:
        yield folder


@dataclass(frozen=True)
class Elsewhere(Shop):
    """A shop whose warehouse lies on another disk than all else."""

    disk: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "RETOUR_WAREHOUSE": str(self.disk / "warehouse.duckdb")}


def refreshed(shop: Shop) -> Retour:
    """The application of a shop that was refreshed, and that has as much again to take in."""
    retour = small_shop(Settings(var_dir=shop.folder / "var"), days=20)
    shop.retour("refresh")
    a_month(retour, 20, bad_rate=0.5)
    return retour


class TestAFullDiskUnderAllOfIt:
    def test_is_said_in_a_line_whatever_the_room_gives_out_for(self, disk: Path) -> None:
        """Full at the first events of the run, and as its steps end."""
        shop = Shop(disk)
        refreshed(shop)
        before = shop.published()
        for room in (400, 1000):
            ballast = fill(disk, leave=room * 1024)
            said = shop.refused("refresh")
            ballast.unlink()
            assert re.search(r"^retour: .*free space", said, re.MULTILINE)
            assert "Traceback" not in said
            assert "Exception" not in said
            assert shop.published() == before
        shop.retour("refresh")
        assert shop.published() != before


class TestAFullDiskUnderTheWarehouse:
    def test_is_the_words_of_the_run_that_failed(self, tmp_path: Path, disk: Path) -> None:
        shop = Elsewhere(tmp_path, disk)
        refreshed(shop)
        before = shop.published()
        ballast = fill(disk, leave=48 * 1024)
        way_out = f"cannot write {disk}/warehouse.duckdb"
        assert way_out in shop.refused("refresh")
        assert shop.published() == before
        assert [way_out in each and "free space" in each for each in failures(shop)] == [True]
        ballast.unlink()
        shop.retour("refresh")
        assert shop.published() != before


def failures(shop: Shop) -> list[str]:
    """What the steps that failed in the newest run say on its page."""
    with dg.DagsterInstance.from_config(str(shop.folder / "var" / "dagster")) as instance:
        (run,) = instance.get_runs(limit=1)
        assert run.status == dg.DagsterRunStatus.FAILURE
        logs = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        told = [entry.dagster_event.step_failure_data for entry in logs if entry.dagster_event]
        return [str(each.user_failure_data.description) for each in told if each.user_failure_data]
