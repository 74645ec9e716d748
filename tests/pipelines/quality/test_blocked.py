"""A fault in a figure, end to end: publication stops, the last good one stays, the fault is shown and in the log."""

import itertools
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from small_shop import a_month, small_shop
from without_dagster import run_steps

from pipelines import steps
from pipelines.dagster_home import ensure_dagster_home
from pipelines.publish.manifest import Publication
from pipelines.quality import doors
from pipelines.quality.gate import PublicationStopped
from pipelines.quality.history import History
from pipelines.quality.relations import DECLARED
from pipelines.quality.rules import never
from pipelines.run_job import RefreshFailed, run_job
from pipelines.steps import SQL_DIR
from pipelines.warehouse.models import load_models
from pipelines.warehouse.warehouse import Warehouse
from retour.assembly import open_retour
from retour.settings import Settings
from service.application import Retour

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def published(folder: Path, mart: str) -> pl.DataFrame:
    """A mart's rows as a reader finds them: through the manifest alone."""
    publication = Publication.load(folder)
    assert publication
    return pl.concat(pl.read_parquet(folder / file.path) for file in publication.marts[mart].files)


def conclusions(retour: Retour) -> list[tuple[str, dict[str, object]]]:
    events = retour.read_log(0, 1_000_000)
    return [(each.type, json.loads(each.data)) for each in events if each.type.startswith("check.")]


def broken(settings: Settings) -> list[tuple[object, ...]]:
    """What the health publication's newest verdicts say is broken."""
    rows = published(settings.health_dir, "data_quality").filter(door="marts")
    newest = rows.filter(pl.col("checked_at") == pl.col("checked_at").max())
    return newest.filter(~pl.col("passed")).select("table_name", "expectation", "sample").rows()


@pytest.fixture
def retour(settings: Settings) -> Retour:
    return small_shop(settings, days=12)


@pytest.fixture
def refresh(settings: Settings, retour: Retour) -> Callable[[], None]:
    """Refreshes once, a minute after it did so last."""
    minutes = itertools.count()

    def refreshed() -> None:
        run_steps(settings, retour, NOW + timedelta(minutes=next(minutes)))

    return refreshed


@pytest.fixture
def faulty_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes one mart count every order twice, or count right again."""
    folder = tmp_path / "sql"
    shutil.copytree(SQL_DIR, folder)
    mart = folder / "marts" / "volume_daily.sql"
    right = mart.read_text()
    wrong = right.replace("sum(steps.orders)", "sum(2 * steps.orders)")
    assert wrong != right
    monkeypatch.setattr(steps, "relations", lambda: tuple(load_models(folder)))
    return lambda is_wrong: mart.write_text(wrong if is_wrong else right) and None


class TestFault:
    def test_publication_stops_and_goes_on_when_the_fault_is_mended(
        self, settings: Settings, retour: Retour, refresh: Callable[[], None], faulty_sql: Callable[[bool], None]
    ) -> None:  # fmt: skip
        refresh()
        refresh()  # takes in what the first one concluded
        good = (settings.published_dir / "manifest.json").read_bytes()
        orders = published(settings.published_dir, "volume_daily")

        faulty_sql(True)
        for _ in range(3):
            with pytest.raises(
                PublicationStopped, match=r"marts\.volume_daily breaks a rule in 1 row:"
            ):
                refresh()
            assert (settings.published_dir / "manifest.json").read_bytes() == good
            assert published(settings.published_dir, "volume_daily").equals(orders)
            ((table, rule, sample),) = broken(settings)
            assert (table, rule) == ("marts.volume_daily", "days_sum_to_all_orders")
            assert str(sample).startswith("orders=288, orders_in_the_log=144")

        told = {"relation": "marts.volume_daily", "rule": "days_sum_to_all_orders"}
        assert conclusions(retour) == [("check.failed", {**told, "failing_rows": 1})]

        faulty_sql(False)
        refresh()
        refresh()
        assert broken(settings) == []
        assert [type_ for type_, _ in conclusions(retour)] == ["check.failed", "check.passed"]
        assert published(settings.published_dir, "volume_daily").equals(orders)

        faulty_sql(True)
        with pytest.raises(PublicationStopped):
            refresh()
        assert [type_ for type_, _ in conclusions(retour)][2:] == ["check.failed"]

    def test_a_warehouse_made_anew_repeats_no_conclusion(
        self, settings: Settings, retour: Retour, refresh: Callable[[], None], faulty_sql: Callable[[bool], None]
    ) -> None:  # fmt: skip
        faulty_sql(True)
        for _ in range(2):
            with pytest.raises(PublicationStopped):
                refresh()
            settings.warehouse.unlink()
            shutil.rmtree(settings.lake_dir)
        assert [type_ for type_, _ in conclusions(retour)] == ["check.failed"]

    def test_health_is_published_although_nothing_else_ever_was(
        self, settings: Settings, refresh: Callable[[], None], faulty_sql: Callable[[bool], None]
    ) -> None:
        faulty_sql(True)
        with pytest.raises(PublicationStopped):
            refresh()
        assert Publication.load(settings.published_dir) is None
        assert len(broken(settings)) == 1
        assert published(settings.health_dir, "quarantine").is_empty()


class TestInDagster:
    @pytest.fixture
    def home(self, settings: Settings, retour: Retour, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("RETOUR_VAR_DIR", str(settings.var_dir))
        monkeypatch.setenv("RETOUR_WAREHOUSE", str(settings.warehouse))
        return ensure_dagster_home(settings)

    def checks(self, home: Path) -> dict[str, dg.AssetCheckEvaluation]:
        """The newest answer of each table's check."""
        with dg.DagsterInstance.from_config(str(home)) as instance:
            (run_id,) = instance.get_run_ids(limit=1)
            entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        answers = [
            each.dagster_event.asset_check_evaluation_data for each in entries if each.dagster_event
        ]
        return {
            each.asset_key.to_user_string(): each
            for each in answers
            if each.check_name == "keeps_its_rules"
        }

    def test_every_table_has_its_check_and_the_rows_of_a_broken_one_are_on_its_page(
        self, settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run_job(home)
        assert all(each.passed for each in self.checks(home).values())
        good = (settings.published_dir / "manifest.json").read_bytes()

        no_sundays = never(
            "marts.volume_daily", "no_sundays", "sundays are free", "dayofweek(day) = 0"
        )
        late = never("marts.return_lines", "no_lines", "no lines", "true", severity="warning")
        monkeypatch.setattr(doors, "DECLARED", (*DECLARED, no_sundays, late))
        with pytest.raises(
            RefreshFailed, match=r"failed at published: nothing is published.*sundays are free"
        ):
            run_job(home)

        answers = self.checks(home)
        told = answers["marts/volume_daily"]
        assert (told.passed, told.severity) == (False, dg.AssetCheckSeverity.ERROR)
        assert told.metadata["failing_rows"].value == 1
        assert "| 2024-01-07 | 12 |" in str(told.metadata["no_sundays: first rows"].value)
        assert "where dayofweek(day) = 0" in str(told.metadata["no_sundays: all rows"].value)
        assert (answers["marts/return_lines"].passed, answers["marts/return_lines"].severity) == (
            False,
            dg.AssetCheckSeverity.WARN,
        )
        assert answers["marts/sku_weekly"].passed
        assert (settings.published_dir / "manifest.json").read_bytes() == good
        assert ("marts.volume_daily", "no_sundays", "day=2024-01-07") in broken(settings)
        assert [type_ for type_, _ in conclusions(open_retour(settings))] == ["check.failed"]


def test_each_check_is_told_once_a_run_however_often_the_run_judged_it(
    settings: Settings, retour: Retour
) -> None:
    """A door as the run comes to it, then all of them, over three refreshes."""
    models = steps.relations()
    inner = [model for model in models if model.schema != "marts"]
    for run in range(3):
        a_month(retour, 12 + 30 * run, bad_rate=0.5)
        with Warehouse.of(settings) as warehouse:
            steps.take_in(settings, retour, warehouse)
            steps.build(warehouse, retour, models)
            for second, judged in enumerate((inner, models)):
                moment = NOW + timedelta(minutes=run, seconds=second)
                steps.check(settings, warehouse, judged, f"run-{run}", moment)

    told = History(settings.quality_dir).load()
    check = ["run_id", "door", "table_name", "column_name", "expectation"]
    assert {"run-0", "run-2"} <= set(told["run_id"])
    assert told.filter(told.select(check).is_duplicated()).is_empty()
