"""What is made anew, or read, whatever stands: everything, one stretch of days, every file."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from small_shop import small_shop
from without_dagster import run_steps

from pipelines.alerts import State, look
from pipelines.dagster_home import ensure_dagster_home
from pipelines.lake.manifest import Manifest
from pipelines.publish.manifest import Publication
from pipelines.run_job import RefreshFailed, run_job
from pipelines.scope import BadScope, Scope, partitions
from pipelines.steps import relations
from retour.settings import Settings

Rows = list[tuple[object, ...]]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, LAST = date(2024, 1, 10), date(2024, 1, 20)


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop that was refreshed until nothing was new."""
    folder = tmp_path_factory.mktemp("refreshed")
    settings = Settings(var_dir=folder / "var", warehouse=folder / "warehouse.duckdb")
    retour = small_shop(settings, days=40)
    for _ in range(2):
        run_steps(settings, retour, NOW)
    retour.context.db.dispose()
    return folder


@pytest.fixture
def shop(refreshed: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A copy of it, as it stands."""
    shutil.copytree(refreshed / "var", settings.var_dir)
    shutil.copy(refreshed / "warehouse.duckdb", settings.warehouse)
    monkeypatch.setenv("RETOUR_VAR_DIR", str(settings.var_dir))
    monkeypatch.setenv("RETOUR_WAREHOUSE", str(settings.warehouse))
    return settings


@pytest.fixture
def run(shop: Settings) -> Callable[..., None]:
    """Runs a job with this scope."""
    home = ensure_dagster_home(shop)
    return lambda job, **scope: run_job(home, job, **scope)


def query(shop: Settings, sql: str) -> Rows:
    with closing(duckdb.connect(str(shop.warehouse))) as connection:
        return connection.execute(sql).fetchall()


def clocks(shop: Settings) -> Rows:
    return query(shop, "select day, clock, automatic, opened from marts.sla_daily order by all")


def decided(shop: Settings) -> Rows:
    return query(shop, "select day, auto_decided from marts.volume_daily order by day")


def published_rows(shop: Settings) -> dict[str, Rows]:
    """Of each mart of figures its rows, sorted."""
    return {
        name: sorted(
            (
                row
                for file in mart.files
                for row in pl.read_parquet(shop.published_dir / file.path).rows()
            ),
            key=repr,
        )
        for name, mart in published(shop).marts.items()
    }


def published(shop: Settings) -> Publication:
    publication = Publication.load(shop.published_dir)
    assert publication
    return publication


@pytest.mark.slow
class TestRebuildDays:
    def test_restores_these_days_and_leaves_all_else_as_it_is(self, shop, run) -> None:
        small_shop(shop, days=41)  # which no refresh has taken in
        before, lake = published(shop), Manifest.load(shop.lake_dir)
        right = clocks(shop)
        query(shop, "update marts.sla_daily set automatic = automatic + 100")
        right_days = decided(shop)
        query(shop, "update marts.volume_daily set auto_decided = auto_decided + 100")

        run("rebuild_days", first_day=str(FIRST), last_day=str(LAST))

        assert clocks(shop) == [
            row if FIRST <= row[0] <= LAST else (*row[:2], row[2] + 100, *row[3:]) for row in right
        ]
        assert sum(FIRST <= row[0] <= LAST for row in right) == 11
        assert Manifest.load(shop.lake_dir) == lake
        assert published(shop).marts["sla_daily"] != before.marts["sla_daily"]
        assert published(shop).marts["volume_daily"] != before.marts["volume_daily"]
        assert decided(shop) == [
            (day, count if FIRST <= day <= LAST else count + 100) for day, count in right_days
        ]

    def test_without_days_it_says_what_it_wants(self, run) -> None:
        with pytest.raises(RefreshFailed, match=r"rebuild_days wants first_day and last_day"):
            run("rebuild_days")


@pytest.mark.slow
class TestRebuild:
    def test_restores_every_relation_whatever_stands(self, shop, run) -> None:
        snapshot, right = published(shop).snapshot, clocks(shop)
        query(shop, "update marts.sla_daily set automatic = automatic + 100")
        query(shop, "update intermediate.sku_evidence set excess_units = -1")
        query(shop, "delete from marts.return_lines")

        run("rebuild", everything=True)

        assert published(shop).snapshot == snapshot
        assert clocks(shop) == right
        assert query(shop, "select min(excess_units) from intermediate.sku_evidence") != [(-1,)]

    def test_makes_the_lake_anew_from_the_log(self, shop, run) -> None:
        before, snapshot = Manifest.load(shop.lake_dir), published(shop).snapshot

        run("rebuild", everything=True, from_log=True)

        after = Manifest.load(shop.lake_dir)
        assert after.generation != before.generation
        assert after.through_seq == before.through_seq
        assert published(shop).snapshot == snapshot

    def test_keeps_a_lake_that_the_log_could_not_make_again(self, shop, run) -> None:
        before = Manifest.load(shop.lake_dir)
        with closing(sqlite3.connect(shop.var_dir / "retour.db")) as log:
            log.execute("delete from events where seq < 10")
            log.commit()

        with pytest.raises(RefreshFailed, match=r"log begins with event 10, and the lake holds"):
            run("rebuild", everything=True, from_log=True)

        assert Manifest.load(shop.lake_dir) == before


@pytest.mark.slow
class TestRefresh:
    def test_lets_go_of_a_relation_whose_file_is_there_no_more(self, shop, run) -> None:
        query(
            shop,
            "create table marts.gone as select 1 as n; "
            "insert into meta.builds values ('marts.gone', 'a', 'a', 1, 'c', 1, 1)",
        )

        run("refresh")

        assert query(shop, "select 1 from meta.builds where relation = 'marts.gone'") == []
        assert (
            query(shop, "select 1 from information_schema.tables where table_name = 'gone'") == []
        )

    @pytest.mark.parametrize("folder", ["lake", "published"])
    def test_makes_again_what_was_deleted_while_all_else_stands(self, shop, run, folder) -> None:
        before = published_rows(shop)
        shutil.rmtree(shop.var_dir / folder)

        run("refresh")

        assert published_rows(shop) == before

    def test_two_at_once_wait_for_each_other_and_leave_the_same(self, shop, run) -> None:
        """One by the command line, one by Dagster; neither knows of the other."""
        before = published_rows(shop)
        retour = str(Path(sys.executable).with_name("retour"))
        with subprocess.Popen([retour, "refresh"], stdout=subprocess.DEVNULL) as other:
            run("rebuild", everything=True)

        with dg.DagsterInstance.from_config(str(ensure_dagster_home(shop))) as instance:
            ended = {each.job_name: each.status for each in instance.get_runs()}
        assert other.returncode == 0
        assert ended == dict.fromkeys(["refresh", "rebuild"], dg.DagsterRunStatus.SUCCESS)
        assert published_rows(shop) == before


@pytest.mark.slow
class TestTrain:
    def test_weighs_every_product_anew(self, shop, run) -> None:
        evidence = query(shop, "select * from intermediate.sku_evidence order by sku")
        query(shop, "update intermediate.sku_evidence set excess_units = -1")

        run("train", everything=True)

        assert query(shop, "select * from intermediate.sku_evidence order by sku") == evidence

    def test_nobody_is_alarmed_while_there_is_too_little_to_learn_from(self, shop, run) -> None:
        run("train", everything=True)

        with dg.DagsterInstance.from_config(str(ensure_dagster_home(shop))) as instance:
            _, alerts = look(instance, State())
        assert alerts == []


@pytest.mark.slow
class TestVerify:
    def test_names_a_file_of_the_lake_that_changed(self, shop, run) -> None:
        segment = next(shop.lake_dir.rglob("order.placed/*.parquet"))
        flip_a_byte(segment)

        with pytest.raises(RefreshFailed, match=rf"{segment.name} has changed since it was writt"):
            run("verify", reads_files=True)

    def test_writes_a_published_file_again_that_changed(self, shop, run) -> None:
        (file,) = published(shop).marts["sla_daily"].files[:1]
        path = shop.published_dir / file.path
        right = path.read_bytes()
        flip_a_byte(path)

        run("verify", reads_files=True)

        assert path.read_bytes() == right


class TestScope:
    @pytest.mark.parametrize(
        ("first", "last", "told"),
        [
            ("2026-03-05", "2026-03-01", r"first_day 2026-03-05 comes after last_day 2026-03-01"),
            ("March", "2026-03-01", r"first_day is 'March'; write a day such as 2026-03-01"),
            ("2026-03-01", "", r"last_day is ''; write a day"),
        ],
    )
    def test_days_that_make_no_sense_are_told(self, first, last, told) -> None:
        with pytest.raises(BadScope, match=told):
            Scope(first_day=first, last_day=last).days()

    @pytest.mark.parametrize(
        ("partition", "first"),
        [("day", "2026-03-04"), ("week_start", "2026-03-02"), ("month", "2026-03-01")],
    )
    def test_weeks_and_months_are_those_that_the_days_lie_in(self, partition, first) -> None:
        model = next(each for each in relations() if each.header.refresh == "by_day")
        header = model.header.model_copy(update={"partition": partition})

        found = partitions(replace(model, header=header), date(2026, 3, 4), date(2026, 3, 31))

        assert found == (date.fromisoformat(first), date(2026, 3, 31))


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
