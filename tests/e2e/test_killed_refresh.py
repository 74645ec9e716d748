"""Whole Dagster runs, as `retour refresh` makes them, killed at random moments of their work."""

import random
import signal
import subprocess
import time
from pathlib import Path

import dagster as dg
import pytest
from cli_shop import Shop
from small_shop import small_shop

from retour.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = 3


@pytest.fixture
def small(tmp_path: Path) -> Shop:
    """A small shop with one product that comes back too often, never refreshed."""
    small_shop(Settings(var_dir=tmp_path / "var", warehouse=tmp_path / "warehouse.duckdb"))
    return Shop(tmp_path)


class TestKilledRefresh:
    def test_the_next_one_gives_the_same_marts_and_no_run_is_left_open(self, small: Shop) -> None:
        small.retour("refresh")
        expected = small.published()
        seconds = _seconds_at_work(small)
        chance = random.Random(3)
        killed = 0

        for _ in range(KILLS):
            _forget(small)
            killed += _refresh_and_kill(small, chance.uniform(0, 0.9 * seconds))
            assert small.published() == expected
            small.retour("refresh")
            assert small.published() == expected

        assert killed > KILLS / 2
        # one that was killed between its last word and its end had succeeded
        assert 0 < _runs(small, dg.DagsterRunStatus.FAILURE) <= killed
        assert _runs(small, dg.DagsterRunStatus.STARTED) == 0


def _forget(shop: Shop) -> None:
    shop.forget_warehouse()
    shop.forget_lake()


def _start(shop: Shop) -> "subprocess.Popen[bytes]":
    """Begin a refresh; returns once its run works on the warehouse, most of the start being imports."""
    before = set(_alive(shop))
    process = subprocess.Popen(
        shop.command("refresh"),
        env=shop.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and set(_alive(shop)) <= before:
        time.sleep(0.01)
    return process


def _alive(shop: Shop) -> list[Path]:
    return list((shop.folder / "var" / "dagster" / "alive").glob("*-*"))


def _seconds_at_work(shop: Shop) -> float:
    _forget(shop)
    process = _start(shop)
    started = time.monotonic()
    assert process.wait() == 0
    return time.monotonic() - started


def _refresh_and_kill(shop: Shop, after_seconds: float) -> bool:
    process = _start(shop)
    try:
        process.wait(after_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == -signal.SIGKILL


def _runs(shop: Shop, status: dg.DagsterRunStatus) -> int:
    with dg.DagsterInstance.from_config(str(shop.folder / "var" / "dagster")) as instance:
        return instance.get_runs_count(dg.RunsFilter(statuses=[status]))
