"""What a data engineer finds in Dagster: the graph, what it says of each table, and when it runs."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import defs
from pipelines.publish.publish import HEALTH_MARTS
from pipelines.risk.standing import STANDING_RELATIONS
from pipelines.warehouse.models import load_models

SQL_DIR = Path(__file__).parents[2] / "sql"


@pytest.fixture(scope="module")
def specs() -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in defs().resolve_all_asset_specs()}


class TestGraph:
    def test_every_file_of_sql_is_an_asset_in_the_group_of_its_layer(self, specs) -> None:
        files = {(path.parent.name, path.stem) for path in SQL_DIR.glob("*/*.*")}

        assert {tuple(key.path) for key in specs if len(key.path) == 2} == files
        assert {key.path[0] for key in specs if len(key.path) == 2} <= {
            specs[key].group_name for key in specs
        }

    def test_an_asset_depends_on_what_its_sql_reads_and_on_nothing_else(self, specs) -> None:
        for model in load_models(SQL_DIR):
            if model.relation in HEALTH_MARTS:
                continue  # these tell of files and runs
            read = {
                "ingest" if dep.startswith(("lake.", "meta.")) else dep.replace(".", "/", 1)
                for dep in model.deps
            }

            if model.relation in STANDING_RELATIONS:
                read.add("risk_champion")  # these tell of the models' folder, too
            spec = specs[dg.AssetKey([model.schema, model.name])]

            assert {dep.asset_key.to_user_string() for dep in spec.deps} == read, model.relation

    def test_the_publication_waits_for_every_mart_and_for_what_the_checks_found(
        self, specs
    ) -> None:
        marts = {key for key in specs if key.path[0] == "marts"}
        health = {dep.asset_key for dep in specs[dg.AssetKey("published_health")].deps}
        figures = {dep.asset_key for dep in specs[dg.AssetKey("published")].deps}

        assert health | figures == marts | {dg.AssetKey("published_health")}
        assert dg.AssetKey(["marts", "data_quality"]) in health

    def test_the_checks_results_wait_for_every_table_that_is_judged(self, specs) -> None:
        waits, open_ = set(), [dg.AssetKey(["marts", "data_quality"])]
        while open_:
            deps = {dep.asset_key for dep in specs[open_.pop()].deps}
            open_ += deps - waits
            waits |= deps

        judged = {
            dg.AssetKey([model.schema, model.name])
            for model in load_models(SQL_DIR)
            if model.relation not in HEALTH_MARTS
        }
        assert judged <= waits

    def test_every_table_with_a_key_of_its_own_is_judged_at_its_door(self) -> None:
        checks = defs().resolve_job_def("refresh").asset_layer.asset_graph.asset_check_keys
        judged = {key.asset_key for key in checks if key.name == "keeps_its_rules"}

        keyed = {
            dg.AssetKey([model.schema, model.name])
            for model in load_models(SQL_DIR)
            if model.header.key
            and model.header.refresh != "view"
            and model.relation not in HEALTH_MARTS
        }
        assert keyed <= judged

    def test_each_asset_says_what_it_is_and_whose(self, specs) -> None:
        for spec in specs.values():
            assert spec.description, spec.key
            assert spec.owners, spec.key
            assert spec.group_name != "default", spec.key

    def test_each_table_shows_the_origin_of_its_columns(self, specs) -> None:
        spec = specs[dg.AssetKey(["marts", "sku_weekly"])]

        lineage = spec.metadata["dagster/column_lineage"].deps_by_column

        assert lineage["units_sold"] == [
            dg.TableColumnDep(dg.AssetKey(["intermediate", "sales_weekly"]), "units_sold")
        ]

    def test_the_checks_stand_at_the_lakes_door(self) -> None:
        job = defs().resolve_job_def("refresh")

        checks = {key.name for key in job.asset_layer.asset_graph.asset_check_keys}

        assert {"events", "order", "return", "nothing_in_quarantine"} <= checks

    def test_every_mart_and_the_publication_say_how_fresh_they_must_be(self, specs) -> None:
        figures = {key for key in specs if key.path[0] == "marts"} | {dg.AssetKey("published")}

        assert {key for key, spec in specs.items() if spec.freshness_policy} == figures

    def test_every_job_schedule_and_sensor_says_what_it_does(self) -> None:
        repository = defs().get_repository_def()
        jobs = [each for each in repository.get_all_jobs() if not each.name.startswith("__")]

        assert {each.name for each in jobs} == {
            "refresh",
            "rebuild",
            "rebuild_days",
            "train",
            "verify",
            "prune",
        }
        for each in (*jobs, *repository.schedule_defs, *repository.sensor_defs):
            assert each.description, each.name


def test_what_trains_is_not_imported_by_those_who_only_load_the_graph() -> None:
    """It takes as long to import as all the rest, in every run and every process of Dagster."""
    asks = (
        "import sys; from pipelines.definitions import defs; defs(); "
        "print(*({'sklearn', 'scipy.stats', 'great_expectations'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asks], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == []
