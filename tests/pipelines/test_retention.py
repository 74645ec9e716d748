from collections.abc import Iterator

import dagster as dg
import pytest

from pipelines.retention import prune_runs


@dg.op
def nothing() -> None: ...


@dg.job(executor_def=dg.in_process_executor)
def empty() -> None:
    nothing()


@pytest.fixture
def instance(tmp_path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


class TestPruneRuns:
    def test_forgets_the_oldest_runs_beyond_the_number_kept(self, instance):
        runs = [empty.execute_in_process(instance=instance).run_id for _ in range(4)]
        assert prune_runs(instance, keep=2) == 2
        assert set(instance.get_run_ids()) == set(runs[2:])
        assert prune_runs(instance, keep=2) == 0

    def test_keeps_all_while_there_are_few(self, instance):
        empty.execute_in_process(instance=instance)
        assert prune_runs(instance) == 0
        assert len(instance.get_run_ids()) == 1
