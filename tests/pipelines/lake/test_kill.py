"""`kill -9` anywhere in a drain: the next one goes on, and nobody can tell."""

import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from service.domain.events import RecordedEvent

Log = Sequence[RecordedEvent]
Lake = Any

SCRIPT = Path(__file__).with_name("draining.py")
KILLS_AT_STEPS = 14
KILLS_AT_BYTES = 6

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def log_file(mixed_log: Log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.pickle"
    path.write_bytes(pickle.dumps(mixed_log))
    return path


def start(log_file: Path, folder: Path, fatal_step: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(SCRIPT), str(log_file), str(folder), str(fatal_step)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet") if path.exists())


@pytest.fixture(scope="module")
def steps_in_all(log_file: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    with start(log_file, tmp_path_factory.mktemp("counted")) as child:
        told, _ = child.communicate()
    return int(told)


@pytest.fixture
def whole(lake_in: Callable[[Path], Lake], tmp_path: Path, mixed_log: Log) -> Lake:
    """What a drain that nobody disturbed makes."""
    lake = lake_in(tmp_path / "whole")
    lake.drain(mixed_log)
    return lake


def assert_as_if_nothing_had_happened(killed: Lake, whole: Lake, log: Log) -> None:
    """Sound at once, and after the next drain the same rows and not a file too many."""
    assert killed.listed() - {"manifest.json"} <= killed.files()
    killed.manifest.verify()
    killed.drain(log)
    assert killed.content() == whole.content()
    killed.drain(log)
    assert killed.files() == killed.listed()


class TestKilled:
    @pytest.mark.parametrize("seed", range(KILLS_AT_STEPS))
    def test_before_any_step(
        self,
        seed: int,
        steps_in_all: int,
        log_file: Path,
        lake_in: Callable[[Path], Lake],
        whole: Lake,
        mixed_log: Log,
        tmp_path: Path,
    ) -> None:
        share = (
            seed + random.Random(seed).random()
        ) / KILLS_AT_STEPS  # spread over the whole drain
        with start(log_file, tmp_path / "killed", 1 + int(share * steps_in_all)) as child:
            assert child.wait() == -signal.SIGKILL
        assert_as_if_nothing_had_happened(lake_in(tmp_path / "killed"), whole, mixed_log)

    @pytest.mark.parametrize("seed", range(KILLS_AT_BYTES))
    def test_when_any_number_of_bytes_is_written(
        self,
        seed: int,
        log_file: Path,
        lake_in: Callable[[Path], Lake],
        whole: Lake,
        mixed_log: Log,
        tmp_path: Path,
    ) -> None:
        folder = tmp_path / "killed"
        enough = random.Random(seed).randrange(size(whole.lake_dir))
        with start(log_file, folder) as child:
            while child.poll() is None and (not folder.exists() or size(folder) <= enough):
                time.sleep(0.001)
            child.kill()
        assert_as_if_nothing_had_happened(lake_in(folder), whole, mixed_log)

    def test_again_and_again(
        self,
        steps_in_all: int,
        log_file: Path,
        lake_in: Callable[[Path], Lake],
        whole: Lake,
        mixed_log: Log,
        tmp_path: Path,
    ) -> None:
        for step in (steps_in_all // 3, steps_in_all // 5, 2, steps_in_all // 4):
            with start(log_file, tmp_path / "killed", step) as child:
                assert child.wait() == -signal.SIGKILL
        assert_as_if_nothing_had_happened(lake_in(tmp_path / "killed"), whole, mixed_log)
