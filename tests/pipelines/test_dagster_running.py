"""Dagster as it really runs: a run that is killed must not keep the next from running, and no hand is needed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from small_shop import small_shop

from pipelines.dagster_home import ensure_dagster_home
from pipelines.publish.manifest import Publication
from pipelines.warehouse.lock import warehouse_lock
from retour.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
LAUNCH = """
mutation {
  launchRun(executionParams: {
    selector: {repositoryLocationName: "retour", repositoryName: "__repository__", jobName: "refresh"}
    runConfigData: {}
  }) { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}
"""
STATUS = 'query { runOrError(runId: "%s") { ... on Run { status } } }'


class Dagster:
    """A running `dagster dev`, asked through its own API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self._url}/server_info", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def launch(self) -> str:
        return str(self._ask(LAUNCH)["launchRun"]["run"]["runId"])

    def status(self, run_id: str) -> str:
        return str(self._ask(STATUS % run_id)["runOrError"]["status"])

    def _ask(self, query: str) -> dict[str, Any]:
        answer = httpx.post(f"{self._url}/graphql", json={"query": query}, timeout=60).json()
        data: dict[str, Any] = answer["data"]
        return data


def wait_for(condition: Callable[[], bool], seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


@pytest.fixture
def home(settings: Settings) -> Path:
    return ensure_dagster_home(settings)


def _heeds_interrupts() -> None:
    """Dagster takes the signal to end as it takes an interrupt, which programs that a shell runs behind itself ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start(settings: Settings, home: Path, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Starts programs of Dagster's on this installation; all end with the test."""
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "RETOUR_VAR_DIR": str(settings.var_dir),
        "RETOUR_WAREHOUSE": str(settings.warehouse),
    }
    processes: list[subprocess.Popen[bytes]] = []

    def started(program: str, *words: str) -> None:
        with (tmp_path / f"{program}.log").open("wb") as output:
            process = subprocess.Popen(
                [Path(sys.executable).with_name(program), *words],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heeds_interrupts,
            )
        processes.append(process)

    yield started
    for process in processes:
        os.killpg(process.pid, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(
                120
            )  # Dagster takes its time to end what it runs, the more so on a busy machine
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def dagster(start: Callable[..., None], port: int) -> Dagster:
    start("dagster", "dev", "-h", "127.0.0.1", "-p", str(port))
    running = Dagster(port)
    wait_for(running.is_up)
    return running


class TestKilledRun:
    def test_does_not_keep_the_next_from_running(self, dagster, settings, home):
        with warehouse_lock(settings.warehouse, print):
            killed = dagster.launch()
            alive = home / "alive" / killed
            wait_for(alive.exists)
            os.kill(int(alive.read_text()), signal.SIGKILL)
            following = dagster.launch()
        wait_for(lambda: dagster.status(following) == "SUCCESS")
        assert dagster.status(killed) == "FAILURE"
        assert (settings.published_dir / "manifest.json").exists()


class TestWebserverAndDaemon:
    def test_publish_what_waits_without_a_hand(self, start, port, settings) -> None:
        head = small_shop(settings, days=2).log_head()

        start("dagster-webserver", "-h", "127.0.0.1", "-p", str(port))
        start("dagster-daemon", "run")

        wait_for(Dagster(port).is_up)
        wait_for(lambda: published_through(settings) >= head, seconds=360)


def published_through(settings: Settings) -> int:
    publication = Publication.load(settings.published_dir)
    return publication.through_seq if publication else 0
