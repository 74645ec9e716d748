import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines.alerts import State, look
from pipelines.liveness import claim, end_hung_runs, fail_dead_runs, release

# A run that waits until it is told to go on; its first line of output says that it is under way.
RUN = """
import ctypes
import sys
import dagster as dg
from pipelines.liveness import claim

@dg.op
def wait(context: dg.OpExecutionContext) -> None:
    if sys.argv[2] == "claims":
        claim(context.instance, context.run_id)
    print("under way", flush=True)
    if sys.argv[3:] == ["hangs"]:
        ctypes.PyDLL(None).sleep(600)  # in a library, where no request to end is heard
    input()

@dg.job(executor_def=dg.in_process_executor)
def waiting() -> None:
    wait()

if __name__ == "__main__":
    with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
        waiting.execute_in_process(instance=instance)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    (tmp_path / "run.py").write_text(RUN)
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def start(home: Path, *, claims: bool = True, hangs: bool = False) -> "subprocess.Popen[bytes]":
    words = ["claims" if claims else "does not", *(["hangs"] if hangs else [])]
    process = subprocess.Popen(
        [sys.executable, home / "run.py", home, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout
    process.stdout.readline()
    return process


def kill(process: "subprocess.Popen[bytes]") -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def statuses(instance: dg.DagsterInstance) -> list[dg.DagsterRunStatus]:
    return [run.status for run in instance.get_runs()]


class TestFailDeadRuns:
    def test_fails_a_run_that_was_killed_at_once(self, home, instance):
        kill(start(home))
        assert statuses(instance) == [dg.DagsterRunStatus.STARTED]
        (dead,) = fail_dead_runs(instance)
        assert statuses(instance) == [dg.DagsterRunStatus.FAILURE]
        failure = instance.all_logs(dead, of_type=dg.DagsterEventType.RUN_FAILURE)[0]
        assert "ended without a word" in (failure.dagster_event.message or "")
        assert list((home / "alive").iterdir()) == []

    def test_leaves_a_run_alone_that_is_alive(self, home, instance):
        process = start(home)
        assert fail_dead_runs(instance, start_grace=timedelta(0)) == []
        process.communicate(b"\n")
        assert statuses(instance) == [dg.DagsterRunStatus.SUCCESS]

    def test_gives_a_run_time_to_show_that_it_is_alive(self, home, instance):
        kill(start(home, claims=False))
        assert fail_dead_runs(instance) == []
        assert len(fail_dead_runs(instance, start_grace=timedelta(0))) == 1

    def test_ends_a_run_that_died_while_it_was_being_cancelled(self, home, instance):
        process = start(home)
        (run,) = instance.get_runs()
        instance.report_run_canceling(run)
        kill(process)
        assert fail_dead_runs(instance) == [run.run_id]
        assert statuses(instance) == [dg.DagsterRunStatus.CANCELED]

    def test_finds_nothing_among_runs_that_ended(self, home, instance):
        start(home).communicate(b"\n")
        assert fail_dead_runs(instance, start_grace=timedelta(0)) == []
        assert statuses(instance) == [dg.DagsterRunStatus.SUCCESS]


class TestEndHungRuns:
    def test_ends_one_that_hears_nothing_any_more_and_says_where_it_was(self, home, instance):
        process = start(home, hangs=True)
        (run,) = instance.get_runs()

        assert end_hung_runs(instance, timedelta(0)) == [run.run_id]

        assert process.wait(30) == -signal.SIGKILL
        process.communicate()
        assert statuses(instance) == [dg.DagsterRunStatus.FAILURE]
        _, alerts = look(instance, State())
        (said,) = [each.words for _, faults in alerts for each in faults]
        assert said.startswith("The run was at wait after 0 hours and was ended")
        assert "RETOUR_LONGEST_RUN_HOURS" in said

    def test_leaves_one_alone_that_has_time(self, home, instance):
        process = start(home)
        assert end_hung_runs(instance, timedelta(hours=1)) == []
        process.communicate(b"\n")
        assert statuses(instance) == [dg.DagsterRunStatus.SUCCESS]

    def test_kills_nobody_by_a_number_that_a_run_left_behind(self, home, instance):
        bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        process = start(home)
        kill(process)
        (left,) = (home / "alive").iterdir()
        left.write_text(str(bystander.pid))

        assert len(end_hung_runs(instance, timedelta(0))) == 1

        bystander.communicate(b"\n")
        assert bystander.returncode == 0


class TestClaim:
    def test_may_be_repeated_by_the_same_process(self, instance):
        claim(instance, "run-1")
        claim(instance, "run-1")
        release(instance, "run-1")

    def test_leaves_nothing_once_it_is_released(self, instance, home):
        claim(instance, "run-1")
        release(instance, "run-1")
        release(instance, "run-1")
        assert list((home / "alive").iterdir()) == []
