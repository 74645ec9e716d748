import sqlite3
from contextlib import closing

import pytest
import yaml

from pipelines.dagster_home import DagsterHomeUnwritable, ensure_dagster_home


class TestEnsureDagsterHome:
    def test_makes_a_home_in_which_one_run_goes_at_a_time_and_nothing_is_reported(self, settings):
        config = yaml.safe_load((ensure_dagster_home(settings) / "dagster.yaml").read_text())
        assert config["concurrency"]["runs"]["max_concurrent_runs"] == 1
        assert config["telemetry"]["enabled"] is False
        for kind in ("sensor", "schedule"):
            assert config["retention"][kind]["purge_after_days"]["skipped"] == 1

    def test_has_the_tables_that_two_programs_at_once_would_both_make(self, settings):
        home = ensure_dagster_home(settings)

        for part in ("history/runs.db", "history/runs/index.db", "schedules/schedules.db"):
            with closing(sqlite3.connect(f"file:{home / part}?mode=ro", uri=True)) as record:
                assert record.execute("select count(*) from alembic_version").fetchone() == (1,)

    def test_is_absolute_wherever_it_is_called_from(self, settings, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        assert ensure_dagster_home(settings).is_absolute()

    def test_keeps_what_its_owner_changed(self, settings):
        config = ensure_dagster_home(settings) / "dagster.yaml"
        config.write_text("telemetry: {enabled: true}\n")
        assert ensure_dagster_home(settings) == config.parent
        assert config.read_text() == "telemetry: {enabled: true}\n"

    def test_tells_of_a_folder_that_cannot_be_written(self, settings):
        settings.var_dir.write_text("a file where the folder should be")
        with pytest.raises(DagsterHomeUnwritable, match=r"cannot write .*RETOUR_VAR_DIR"):
            ensure_dagster_home(settings)
