"""How runs went, as the dashboards tell it: those that failed too, and in their own words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from small_shop import small_shop

from pipelines import run_history
from pipelines.dagster_home import ensure_dagster_home
from pipelines.publish.manifest import Publication
from pipelines.run_history import recent_runs
from pipelines.run_job import RefreshFailed, run_job
from retour.settings import Settings


@dg.op(config_schema={"fails": dg.Field(bool, default_value=False)})
def step(context: dg.OpExecutionContext) -> None:
    if context.op_config["fails"]:
        raise dg.Failure("mend this")


@dg.job(executor_def=dg.in_process_executor)
def toy() -> None:
    step()


def run(instance: dg.DagsterInstance, *, fails: bool = False) -> str:
    config = {"ops": {"step": {"config": {"fails": fails}}}}
    return toy.execute_in_process(instance=instance, run_config=config, raise_on_error=False).run_id


class TestRecentRuns:
    @pytest.fixture
    def instance(self, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
        with dg.DagsterInstance.ephemeral(str(tmp_path)) as instance:
            yield instance

    def test_tell_how_each_ended_the_newest_first(self, instance) -> None:
        good, bad = run(instance), run(instance, fails=True)

        rows = recent_runs(instance)

        assert rows.select("run_id", "job", "status", "failed_step", "message").rows() == [
            (bad, "toy", "failure", "step", "mend this"),
            (good, "toy", "success", None, None),
        ]
        assert (rows["ended_at"] - rows["started_at"]).dt.total_microseconds().to_list() == [
            round(seconds * 1e6) for seconds in rows["seconds"]
        ]

    def test_those_that_ended_are_not_asked_again(self, instance, monkeypatch) -> None:
        run(instance)
        known = recent_runs(instance).with_columns(message=pl.lit("as known"))
        newer = run(instance)

        rows = recent_runs(instance, known)

        assert rows["message"].to_list() == [None, "as known"]
        assert rows["run_id"][0] == newer

    def test_one_that_goes_on_is_asked_again(self, instance) -> None:
        started = instance.create_run_for_job(toy, status=dg.DagsterRunStatus.STARTED)
        known = recent_runs(instance)
        instance.report_run_failed(started, "The process ended.")

        rows = recent_runs(instance, known)

        assert known.select("status", "ended_at").rows() == [("started", None)]
        assert rows.select("status", "failed_step", "message").rows() == [
            ("failure", None, "The process ended.")
        ]

    def test_are_bounded(self, instance, monkeypatch) -> None:
        monkeypatch.setattr(run_history, "KEPT", 2)
        runs = [run(instance) for _ in range(3)]

        assert recent_runs(instance)["run_id"].to_list() == [runs[2], runs[1]]


@pytest.mark.slow
class TestPublished:
    @pytest.fixture
    def shop(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
        monkeypatch.setenv("RETOUR_VAR_DIR", str(settings.var_dir))
        monkeypatch.setenv("RETOUR_WAREHOUSE", str(settings.warehouse))
        small_shop(settings, days=3)
        return settings

    def test_a_run_is_told_with_its_end_whichever_way_it_went(self, shop, monkeypatch) -> None:
        home = ensure_dagster_home(shop)
        done = run_job(home)
        first = told(shop)
        monkeypatch.setattr("pipelines.steps.drain", refuse)
        with pytest.raises(RefreshFailed):
            run_job(home)

        failed, succeeded = told(shop)

        assert [succeeded] == first
        assert (succeeded["job"], succeeded["status"]) == ("refresh", "success")
        assert (succeeded["events"], succeeded["through_seq"]) == (done.events, done.through_seq)
        assert (failed["status"], failed["failed_step"]) == ("failure", "ingest")
        assert failed["message"].startswith("RuntimeError: no more")
        assert failed["seconds"] > 0


def refuse(*_: object, **__: object) -> None:
    raise RuntimeError("no more")


def told(shop: Settings) -> list[dict[str, Any]]:
    """The runs as published."""
    publication = Publication.load(shop.health_dir)
    assert publication
    files = publication.marts["pipeline_runs"].files
    frames = [pl.read_parquet(shop.health_dir / file.path) for file in files]
    return pl.concat(frames).sort("started_at", descending=True).to_dicts()
