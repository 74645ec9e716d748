"""However many runs there were, their history takes no more room than those that are kept."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from pipelines import retention
from pipelines.retention import prune_history, prune_runs

KEY = dg.AssetKey("checked")


@dg.asset(check_specs=[dg.AssetCheckSpec("is_sound", asset=KEY)])
def checked() -> dg.MaterializeResult:  # type: ignore[type-arg]
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@dg.op
def nothing() -> None: ...


@dg.job(executor_def=dg.in_process_executor)
def unchecked() -> None:
    nothing()


@dg.op
def fault() -> None:
    raise ValueError("as asked")


@dg.job(executor_def=dg.in_process_executor)
def failing() -> None:
    fault()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def run(instance: dg.DagsterInstance) -> str:
    return dg.materialize([checked], instance=instance).run_id


def run_without_checks(instance: dg.DagsterInstance) -> str:
    return unchecked.execute_in_process(instance=instance).run_id


def run_badly(instance: dg.DagsterInstance) -> str:
    return failing.execute_in_process(instance=instance, raise_on_error=False).run_id


def shards(home: Path) -> set[str]:
    found = {path.stem for path in (home / "history" / "runs").glob("*.db*")}
    return found - {"index"}


def checks_kept(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "history" / "runs" / "index.db")) as index:
        rows = index.execute("select run_id from asset_check_executions order by id").fetchall()
    return [row[0] for row in rows]


def room(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())


class TestPruneRuns:
    def test_forgets_the_oldest_runs_beyond_the_number_kept(self, instance):
        runs = [run(instance) for _ in range(4)]
        assert prune_runs(instance, keep=2) == 2
        assert set(instance.get_run_ids()) == set(runs[2:])
        assert prune_runs(instance, keep=2) == 0

    def test_keeps_failures_longer_than_successes(self, instance):
        bad, *good = [run_badly(instance), *(run(instance) for _ in range(3))]
        assert prune_runs(instance, keep=1, keep_failures=1) == 2
        assert set(instance.get_run_ids()) == {bad, good[-1]}

    def test_forgets_failures_too(self, instance):
        runs = [run_badly(instance) for _ in range(3)]
        assert prune_runs(instance, keep_failures=1) == 2
        assert instance.get_run_ids() == runs[-1:]

    def test_keeps_all_while_there_are_few(self, instance):
        run(instance)
        assert prune_runs(instance) == 0
        assert len(instance.get_run_ids()) == 1

    def test_leaves_no_file_and_no_checks_of_a_run_that_it_forgot(self, instance, home):
        runs = [run(instance) for _ in range(3)]
        prune_runs(instance, keep=2)
        assert shards(home) == set(runs[1:])
        assert checks_kept(home) == runs[1:]

    def test_goes_on_showing_how_a_check_stood_last(self, instance, home):
        checked_by = run(instance)
        other = run_without_checks(instance)
        assert prune_runs(instance, keep=1) == 1
        assert instance.get_run_ids() == [other]
        assert checks_kept(home) == [checked_by]

    def test_takes_a_few_at_a_time(self, instance):
        for _ in range(4):
            run(instance)
        assert prune_runs(instance, keep=1, at_most=2) == 2


class TestPruneHistory:
    def test_forgets_all_beyond_the_number_kept(self, instance):
        for _ in range(4):
            run(instance)
        assert prune_history(instance, keep=1).runs == 3
        assert len(instance.get_run_ids()) == 1

    def test_removes_what_runs_left_that_were_deleted_without_it(self, instance, home):
        deleted, young, kept = (run(instance) for _ in range(3))
        for run_id in (deleted, young):
            instance.delete_run(run_id)
        two_hours_ago = time.time() - 7200
        os.utime(home / "history" / "runs" / f"{deleted}.db", (two_hours_ago, two_hours_ago))
        prune_history(instance)
        assert shards(home) == {young, kept}
        assert checks_kept(home) == [kept]

    def test_gives_the_room_back_to_the_disk(self, instance, home, monkeypatch):
        monkeypatch.setattr(retention, "_WORTH_VACUUMING", 0)
        for _ in range(6):
            run(instance)
        before = room(home)
        freed = prune_history(instance, keep=1).bytes_freed
        assert room(home) == before - freed
        with closing(sqlite3.connect(home / "history" / "runs" / "index.db")) as index:
            assert index.execute("pragma freelist_count").fetchone() == (0,)

    def test_leaves_a_database_that_is_in_use_as_it_is(self, instance, home, monkeypatch):
        monkeypatch.setattr(retention, "_WORTH_VACUUMING", -1)
        monkeypatch.setattr(retention, "_LOCK_SECONDS", 0)
        kept = run(instance)
        with closing(sqlite3.connect(home / "history" / "runs.db")) as other:
            other.execute("begin immediate")
            prune_history(instance)
        assert instance.get_run_ids() == [kept]


@pytest.mark.slow
def test_the_history_stops_growing_when_runs_go_on(instance, home):
    sizes = []
    for _ in range(24):
        run(instance)
        prune_runs(instance, keep=3)
        sizes.append(room(home))
    assert max(sizes[12:]) < 1.05 * max(sizes[:6])
    assert len(shards(home)) == 3
