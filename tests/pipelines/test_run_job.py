"""A whole run in this process, as `retour refresh` makes it: what it builds, shows and says."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from small_shop import BAD_SKU, small_shop
from unprivileged import unprivileged

from pipelines.dagster_home import ensure_dagster_home
from pipelines.run_job import RefreshFailed, run_job
from retour.errors import UserError
from retour.settings import Settings

pytestmark = pytest.mark.slow

BAD_EVENT = """
insert into events (seq, id, source, type, subject, time_us, recorded_at_us, origin, actor_role,
                    schema_version, data)
select max(seq) + 1, 'by-hand', 'by-hand', 'order.teleported', 'O-1', max(time_us), max(time_us),
       'live', 'shop', 1, '{}' from events
"""


@pytest.fixture
def shop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("RETOUR_VAR_DIR", str(settings.var_dir))
    monkeypatch.setenv("RETOUR_WAREHOUSE", str(settings.warehouse))
    small_shop(settings)
    return settings


@pytest.fixture
def instance(shop: Settings) -> Iterator[dg.DagsterInstance]:
    home = ensure_dagster_home(shop)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def put_by_hand(shop: Settings, sql: str) -> None:
    with sqlite3.connect(shop.var_dir / "retour.db") as log:
        log.execute(sql)
    log.close()


def latest_checks(instance: dg.DagsterInstance) -> dict[str, dg.AssetCheckEvaluation]:
    (run,) = instance.get_runs(limit=1)
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.dagster_event.asset_check_evaluation_data for entry in entries]
    return {each.check_name: each for each in found}


class TestRunJob:
    def test_it_shows_rows_columns_and_whether_anything_was_done(self, shop, instance) -> None:
        run_job(ensure_dagster_home(shop))

        event = instance.get_latest_materialization_event(dg.AssetKey(["marts", "problem_skus"]))

        metadata = event.asset_materialization.metadata
        assert metadata["dagster/row_count"].value == 1
        columns = metadata["dagster/column_schema"].schema.columns
        assert ("sku", "varchar") in [(each.name, each.type) for each in columns]
        assert all(each.description for each in columns)
        assert metadata["was_rebuilt"].value is True

    def test_it_shows_where_columns_come_from_and_how_many_rows_a_view_keeps(
        self, shop, instance
    ) -> None:
        run_job(ensure_dagster_home(shop))

        def shown(*key: str) -> Any:
            event = instance.get_latest_materialization_event(dg.AssetKey(key))
            return event.asset_materialization.metadata

        lineage = shown("marts", "sku_weekly")["dagster/column_lineage"].lineage.deps_by_column
        assert lineage["units_sold"] == [
            dg.TableColumnDep(dg.AssetKey(["intermediate", "sales_weekly"]), "units_sold")
        ]
        assert shown("staging", "orders")["dagster/row_count"].value == 120 * 12  # of as many days

    def test_a_bad_event_is_a_failed_check_and_stops_nothing(self, shop, instance) -> None:
        put_by_hand(shop, BAD_EVENT)

        done = run_job(ensure_dagster_home(shop))

        check = latest_checks(instance)["nothing_in_quarantine"]
        assert not check.passed
        assert "order.teleported" in check.metadata["reasons"].value
        assert done.quarantined == 1
        assert (shop.published_dir / "manifest.json").exists()

    def test_it_stays_failed_until_the_event_is_in_the_lake(self, shop, instance) -> None:
        put_by_hand(shop, BAD_EVENT)
        run_job(ensure_dagster_home(shop))

        run_job(ensure_dagster_home(shop))

        assert not latest_checks(instance)["nothing_in_quarantine"].passed

    def test_every_check_passes_on_a_sound_log(self, shop, instance) -> None:
        run_job(ensure_dagster_home(shop))

        checks = latest_checks(instance)

        assert len(checks) > 10
        assert [name for name, each in checks.items() if not each.passed] == []

    def test_with_nothing_new_nothing_is_built_or_published_again(self, shop, instance) -> None:
        home = ensure_dagster_home(shop)
        run_job(home)
        run_job(home)  # takes in the flag that the first one raised
        manifest = (shop.published_dir / "manifest.json").read_bytes()

        done = run_job(home)

        assert (done.events, done.marts_changed) == (0, "none")
        assert (shop.published_dir / "manifest.json").read_bytes() == manifest
        for mart in ("return_lines", "sku_weekly", "volume_daily", "problem_skus"):
            event = instance.get_latest_materialization_event(dg.AssetKey(["marts", mart]))
            assert event.asset_materialization.metadata["was_rebuilt"].value is False
            assert "dagster/column_lineage" not in event.asset_materialization.metadata

    def test_what_a_user_can_mend_is_said_in_its_own_words(self, shop, instance) -> None:
        home = ensure_dagster_home(shop)
        run_job(home)
        segment = next(shop.lake_dir.rglob("*.parquet"))
        segment.unlink()

        with pytest.raises(RefreshFailed, match=rf"{segment.name}.*retour refresh"):
            run_job(home)

        (run,) = instance.get_runs(limit=1)
        assert run.status is dg.DagsterRunStatus.FAILURE


class TestFaults:
    """What is not ours to mend is one sentence, never a traceback."""

    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        """A folder that everybody may look into; pytest's own are its user's alone."""
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o755)
        yield folder
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(folder)

    def test_a_folder_that_became_read_only_is_named(self, open_folder, monkeypatch) -> None:
        settings = Settings(var_dir=open_folder / "var", warehouse=open_folder / "w.duckdb")
        monkeypatch.setenv("RETOUR_VAR_DIR", str(settings.var_dir))
        monkeypatch.setenv("RETOUR_WAREHOUSE", str(settings.warehouse))
        small_shop(settings, days=3)
        home = ensure_dagster_home(settings)
        run_job(home)
        for path in (*open_folder.rglob("*"), open_folder):
            path.chmod(0o555 if path.is_dir() else 0o444)

        with unprivileged(), pytest.raises(UserError, match=r"cannot .*make it writable"):
            run_job(home)

    @pytest.mark.parametrize("content", [": : no yaml", "- a list"])
    def test_a_damaged_configuration_of_dagster_is_named(self, shop, content: str) -> None:
        home = ensure_dagster_home(shop)
        (home / "dagster.yaml").write_text(content)

        with pytest.raises(RefreshFailed, match=rf"{home}.*move the folder away"):
            run_job(home)

    def test_a_damaged_record_of_runs_is_named(self, shop) -> None:
        home = ensure_dagster_home(shop)
        run_job(home)
        for path in home.rglob("*.db"):
            path.write_bytes(b"no database" * 1000)

        with pytest.raises(RefreshFailed, match=rf"{home}.*not a database.*move the folder away"):
            run_job(home)

    def test_a_damaged_warehouse_is_named_with_the_way_out(self, shop) -> None:
        home = ensure_dagster_home(shop)
        run_job(home)
        content = shop.warehouse.read_bytes()
        shop.warehouse.write_bytes(content[: len(content) // 2])

        with pytest.raises(RefreshFailed, match=r"warehouse\.duckdb.*move it away and run `retour"):
            run_job(home)


class TestFlags:
    def test_a_flag_is_in_the_log_once_however_often_it_is_concluded(self, shop) -> None:
        home = ensure_dagster_home(shop)
        for _ in range(2):
            run_job(home)
            shop.warehouse.unlink()

        with sqlite3.connect(shop.var_dir / "retour.db") as log:
            flagged = log.execute(
                "select subject from events where type = 'sku.flagged'"
            ).fetchall()
        log.close()

        assert flagged == [(BAD_SKU,)]
