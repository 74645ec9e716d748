"""The event log whose files stay open: no line is lost or late, and Dagster's own class reads and writes beside it."""

import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.dagster_home import ensure_dagster_home
from pipelines.event_log import OpenEventLog
from retour.settings import Settings

_SAYS = """
import sys, time
sys.path.insert(0, {tests!r})
from test_event_log import a_line
from pipelines.event_log import OpenEventLog

log = OpenEventLog(sys.argv[1])
for number in range(int(sys.argv[3])):
    log.store_event(a_line(sys.argv[2], f"line {{number}}"))
print("said", flush=True)
sys.stdin.read()
"""


def a_line(run_id: str, text: str) -> EventLogEntry:
    return EventLogEntry(
        error_info=None,
        level="info",
        user_message=text,
        run_id=run_id,
        timestamp=time.time(),
        step_key=None,
        job_name="refresh",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def log(folder: Path) -> Iterator[OpenEventLog]:
    opened = OpenEventLog(str(folder))
    yield opened
    opened.dispose()


@contextmanager
def another_process(folder: Path, run_id: str, lines: int) -> Iterator[subprocess.Popen[str]]:
    """Another program that says so many lines and stays, its files open."""
    script = _SAYS.format(tests=str(Path(__file__).parent))
    command = [sys.executable, "-c", script, str(folder), run_id, str(lines)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def said(log: SqliteEventLogStorage, run_id: str) -> list[str]:
    return [each.user_message for each in log.get_logs_for_run(run_id)]


class TestOpenEventLog:
    def test_is_what_a_new_home_of_dagster_has(self, settings: Settings) -> None:
        home = ensure_dagster_home(settings)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            assert isinstance(instance.event_log_storage, OpenEventLog)
            path = instance.event_log_storage.path_for_shard("index")
        assert Path(path) == home / "history" / "runs" / "index.db"

    def test_nothing_that_was_said_is_lost_when_the_process_is_killed(self, folder: Path) -> None:
        with another_process(folder, "a-run", 50) as process:
            assert process.stdout
            assert process.stdout.readline() == "said\n"
            process.kill()

        theirs = SqliteEventLogStorage(str(folder))
        assert said(theirs, "a-run") == [f"line {number}" for number in range(50)]

    def test_a_run_of_another_process_is_followed_while_its_files_are_open(
        self, log: OpenEventLog, folder: Path
    ) -> None:
        heard: queue.Queue[str] = queue.Queue()
        log.store_event(a_line("a-run", "begun"))
        log.watch("a-run", None, lambda entry, _: heard.put(entry.user_message))

        with another_process(folder, "a-run", 3):
            lines = [heard.get(timeout=60) for _ in range(4)]

        assert lines == ["begun", "line 0", "line 1", "line 2"]

    def test_both_classes_write_to_the_same_run(self, log: OpenEventLog, folder: Path) -> None:
        theirs = SqliteEventLogStorage(str(folder))
        for number in range(6):
            (theirs if number % 2 else log).store_event(a_line("a-run", str(number)))

        assert said(log, "a-run") == said(theirs, "a-run") == list("012345")

    def test_a_run_whose_file_was_removed_begins_anew(
        self, log: OpenEventLog, folder: Path
    ) -> None:
        log.store_event(a_line("a-run", "forgotten"))
        for path in folder.glob("a-run.db*"):
            path.unlink()
        assert said(log, "a-run") == []

        log.store_event(a_line("a-run", "anew"))
        assert said(SqliteEventLogStorage(str(folder)), "a-run") == ["anew"]

    def test_of_many_runs_few_files_stay_open(self, log: OpenEventLog, folder: Path) -> None:
        for number in range(30):
            log.store_event(a_line(f"run-{number}", "begun"))

        open_files = {path.resolve() for path in Path("/proc/self/fd").iterdir()}
        assert (
            len([each for each in open_files if each.parent == folder and each.suffix == ".db"])
            <= 6
        )
        assert said(log, "run-0") == ["begun"]

    def test_once_disposed_of_no_file_is_open(self, log: OpenEventLog, folder: Path) -> None:
        log.store_event(a_line("a-run", "begun"))
        log.dispose()

        assert not [
            each for each in Path("/proc/self/fd").iterdir() if each.resolve().parent == folder
        ]
        assert said(log, "a-run") == ["begun"]
